# What a node's files and processes say. key=value, one a line; long values in base64.
[ -r "$CONF/cassandra.yaml" ] || die "cannot read $CONF/cassandra.yaml"
printf 'yaml=%s\n' "$(base64 <"$CONF/cassandra.yaml" | tr -d '\n')"
archiving=$CONF/commitlog_archiving.properties
if [ -r "$archiving" ] && grep -q -E '^[[:space:]]*restore_(command|directories)[[:space:]]*=[[:space:]]*[^[:space:]]' "$archiving"; then
  echo commitlog_restore=yes
fi
# the log directory of the running process, else the usual ones
logdir=
for pid in $(cassandra_pids); do
  logdir=$(tr '\0' '\n' <"/proc/$pid/cmdline" | sed -n 's/^-Dcassandra\.logdir=//p' | head -n 1)
  echo "pid=$pid"
done
for log in "${logdir:-/}/system.log" "$HOME_DIR/logs/system.log" /var/log/cassandra/system.log; do
  [ ! -f "$log" ] || break
done
echo "log=$log"
if [ -f "$log" ] && [ -r "$log" ]; then echo log_readable=yes; fi
for tool in awk base64 cmp comm cp df find grep head id mkdir mktemp mv sed sort stat sync tail tr wc xargs; do
  command -v "$tool" >/dev/null 2>&1 || echo "missing=$tool"
done
command -v openssl >/dev/null 2>&1 || command -v sha256sum >/dev/null 2>&1 || echo "missing=sha256sum"
