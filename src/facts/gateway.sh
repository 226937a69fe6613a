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
# what a start as another user once left is in the way of the next one
echo "run_as=${RUN_AS:-$owner}"
base=${path%/posix/bin/startinstance}
# shellcheck disable=SC2016 # for the other shell
judge='while IFS= read -r file; do [ -w "$file" ] || printf "foreign=%s\n" "$file"; done'
if [ "$owner" != root ]; then
  for dir in groups logs trace; do
    [ ! -d "$base/$dir" ] || find "$base/$dir" -maxdepth 4 -user root
  done | as_user "${RUN_AS:-$owner}" sh -c "$judge" | head -n 3
fi
