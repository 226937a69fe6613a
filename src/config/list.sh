# What a host's configuration is: CONF (a node's directory of cassandra.yaml) or INSTALL_DIR (a gateway's). HASHED:
# with the hash of every file. Changes nothing. Names with a line break cannot be told in lines, so they are left out,
# and that is said.
nl='
'
# all PATH: what lies below, one a line; what a gateway writes while it runs (logs, traces, its own database) is no
# configuration.
all() {
  if [ -z "$INSTALL_DIR" ]; then find "$1" ! -path "*$nl*" -print; return; fi
  find "$1" \( -type d \( -name logs -o -name trace -o -name opsdb.d \) -prune \) -o ! -path "*$nl*" -print
}
# escaped: names for xargs, whatever they hold
escaped() { sed 's/[^A-Za-z0-9_/.-]/\\&/g'; }

if [ -n "$INSTALL_DIR" ]; then
  base=$INSTALL_DIR/apigateway
  if [ ! -d "$base" ] && [ -d "$INSTALL_DIR/posix/bin" ]; then base=$INSTALL_DIR; fi
  roots=$base/groups$nl$base/conf$nl$base/system/conf/nodemanager.xml$nl$base/ext
  for file in /etc/init.d/vshell-*; do [ ! -e "$file" ] || roots=$roots$nl$file; done
else roots=$CONF
fi

# a link to what is listed comes too, and its target under its own name
paths=$(printf '%s\n' "$roots" | while IFS= read -r root; do
  [ ! -L "$root" ] || printf '%s\n' "$root"
  real=$(readlink -f -- "$root") || continue
  [ ! -e "$real" ] || all "$real"
done)
printf '%s\n' "$roots" | while IFS= read -r root; do
  if [ -e "$root" ]; then
    echo "root=$root"
    real=$(readlink -f -- "$root")
    [ -z "$(find "$real" -name "*$nl*" -print | head -n 1)" ] || echo "odd=$root"
  else echo "missing=$root"
  fi
done
# files elsewhere that links in there lead to: cassandra.yaml may be one
linked=$(printf '%s\n' "$paths" | while IFS= read -r path; do
  [ -L "$path" ] || continue
  target=$(readlink -f -- "$path") || continue
  case $target in /dev/* | /proc/* | /sys/*) continue ;; esac
  [ ! -f "$target" ] || printf '%s\n' "$target"
done)
# a link to a directory elsewhere is kept as the link that it is; what lies in that directory is not, and that is said
printf '%s\n' "$paths" | while IFS= read -r path; do
  if [ ! -L "$path" ] || [ ! -d "$path" ]; then continue; fi
  target=$(readlink -f -- "$path") || continue
  printf '%s\n' "$paths" | grep -qxF -e "$target" || printf 'beyond=%s\t%s\n' "$path" "$target"
done
paths=$(printf '%s\n%s\n' "$paths" "$linked" | grep -v '^$' | sort -u)

label=-
if [ -e /sys/fs/selinux/enforce ]; then label=%C; fi
printf '%s\n' "$paths" | escaped | xargs -r stat -c "stat=%f$tab%u$tab%g$tab%U$tab%G$tab%Y$tab%s$tab$label$tab%n" -- 2>/dev/null
printf '%s\n' "$paths" | while IFS= read -r path; do
  [ ! -L "$path" ] || printf 'link=%s\t%s\n' "$(readlink -- "$path" | base64 | tr -d '\n')" "$path"
done
if [ -n "$HASHED" ]; then
  printf '%s\n' "$paths" | while IFS= read -r path; do
    if [ -f "$path" ] && [ ! -L "$path" ]; then printf '%s\n' "$path"; fi
  done | escaped | hash_list 2>/dev/null | sed 's/^/sum=/'
else
  printf '%s\n' "$paths" | while IFS= read -r path; do
    if [ -f "$path" ] && [ ! -r "$path" ]; then printf 'unreadable=%s\n' "$path"; fi
  done
fi
if [ -n "$CONF" ] && [ -r "$CONF/cassandra.yaml" ]; then
  printf 'yaml=%s\n' "$(base64 <"$CONF/cassandra.yaml" | tr -d '\n')"
fi
exit 0
