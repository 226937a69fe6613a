# What a restart would find, beside what runs now. KEYSTORES: paths that cassandra.yaml names, SEEDS:
# its seeds, one a line. Follows node.sh, which knows $RUN_AS.
left='-Dcassandra\.(replace_(address|node|token)=|join_ring=false|write_survey=true)[^" ]*'
pid=$(cassandra_pids | head -n 1)
cwd=$HOME_DIR
started=
if [ -n "$pid" ]; then
  echo "user=$(stat -c %U -- "/proc/$pid")"
  cwd=$(readlink -- "/proc/$pid/cwd") || cwd=$HOME_DIR
  # against a process that starts now: in a container /proc/uptime and btime may be made up
  hz=$(getconf CLK_TCK 2>/dev/null) || hz=100
  age=$(sed 's/.*) //' "/proc/$pid/stat" /proc/self/stat | awk -v hz="$hz" 'NR == 1 { t = $20 } END { printf "%.0f", ($20 - t) / hz }')
  started=$(($(date +%s) - age))
  echo "started=$started"
  java=$(readlink -- "/proc/$pid/exe") || java=
  echo "java=$java"
  [ -x "${java% (deleted)}" ] || echo java_gone=yes
  jars='/apache-cassandra-[0-9][^/]*\.jar( \(deleted\))?$'
  # a class path of lib/* names no jar: what is open does. Its names are ours to read only as its user or root
  # shellcheck disable=SC2012 # readlink of thousands of descriptors, or one ls
  jar=$(ls -l -- "/proc/$pid/fd" 2>/dev/null | sed 's/.* -> //' | grep -E "$jars" | head -n 1)
  # shellcheck disable=SC2020 # two characters, each to a line end
  [ -n "$jar" ] || jar=$(tr '\0:' '\n\n' <"/proc/$pid/cmdline" | grep -E "$jars" | head -n 1)
  if [ -n "$jar" ]; then
    echo "jar=$jar"
    for file in "${jar%/*}"/apache-cassandra-[0-9]*.jar; do
      [ ! -e "$file" ] || echo "installed=${file##*/}"
    done
  fi
  tr '\0' '\n' <"/proc/$pid/cmdline" | grep -o -E -e "$left" | sed "s/^/option=its command line$tab/"
fi
for file in "$CONF/cassandra.yaml" "$CONF"/*.options "$CONF/cassandra-env.sh" "$CONF"/cassandra-*.properties \
  "$HOME_DIR/bin/cassandra.in.sh" /etc/default/cassandra /etc/sysconfig/cassandra; do
  [ -f "$file" ] || continue
  # a second, since the age is rounded
  if [ -n "$started" ] && [ "$(stat -L -c %Y -- "$file")" -gt $((started + 1)) ]; then echo "changed=$file"; fi
  grep -v '^[[:space:]]*#' "$file" | grep -o -E -e "$left" | sed "s|^|option=$file$tab|"
done
who=$RUN_AS
if [ -n "$pid" ]; then who=$(stat -c %U -- "/proc/$pid"); fi
printf '%s\n' "$KEYSTORES" | while IFS= read -r file; do
  [ -n "$file" ] || continue
  case $file in /*) ;; *) file=$cwd/$file ;; esac
  if as_user "$who" test -r "$file" </dev/null; then echo "keystore=$file${tab}yes"; else echo "keystore=$file${tab}no"; fi
done
printf '%s\n' "$SEEDS" | while IFS= read -r name; do
  [ -n "$name" ] || continue
  getent hosts "$name" 2>/dev/null | awk -v name="$name" '{ printf "seed=%s\t%s\n", name, $1 }'
done
