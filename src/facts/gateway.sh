# Where startinstance is, whose it is, and which instances run. INSTANCES: `name<tab>group`.
for path in "$INSTALL_DIR/apigateway/posix/bin/startinstance" "$INSTALL_DIR/posix/bin/startinstance"; do
  [ ! -x "$path" ] || break
done
if [ ! -x "$path" ]; then echo "missing=$path"; exit 0; fi
echo "startinstance=$path"
owner=$(stat -c %U -- "$path")
echo "owner=$owner"
cd "${path%/*}" || die "cannot enter ${path%/*}"
printf '%s\n' "$INSTANCES" | while IFS="$tab" read -r name group; do
  rc=0
  as_user "${RUN_AS:-$owner}" "$path" -s -n "$name" -g "$group" </dev/null >/dev/null 2>&1 || rc=$?
  case $rc in 0) echo running=yes ;; 1) echo running=no ;; *) echo "running=$rc" ;; esac
done
