# What a node's files and processes say. key=value, one a line; long values in base64.
[ -r "$CONF/cassandra.yaml" ] || die "cannot read $CONF/cassandra.yaml"
printf 'yaml=%s\n' "$(base64 <"$CONF/cassandra.yaml" | tr -d '\n')"
archiving=$CONF/commitlog_archiving.properties
if [ -r "$archiving" ] && grep -q -E '^[[:space:]]*restore_(command|directories)[[:space:]]*=[[:space:]]*[^[:space:]]' "$archiving"; then
  echo commitlog_restore=yes
fi
# the log directory of the running process, else the usual ones
logdir='' storage='' pid=''
for pid in $(cassandra_pids); do
  logdir=$(tr '\0' '\n' <"/proc/$pid/cmdline" | sed -n 's/^-Dcassandra\.logdir=//p' | head -n 1)
  storage=$(tr '\0' '\n' <"/proc/$pid/cmdline" | sed -n 's/^-Dcassandra\.storagedir=//p' | head -n 1)
  echo "pid=$pid"
done
# where directories are that the yaml does not name; of a node that is down, from what starts it
if [ -z "$pid" ]; then
  storage=$({
    sed -n 's/^[[:space:]]*cassandra_storagedir="\{0,1\}\(\/[^"$ ]*\).*/\1/p' "$HOME_DIR/bin/cassandra.in.sh" /usr/share/cassandra/cassandra.in.sh
    sed -n 's/^[^#]*-Dcassandra\.storagedir=\(\/[^"$ ]*\).*/\1/p' "$CONF"/jvm*.options "$CONF/cassandra-env.sh"
  } 2>/dev/null | tail -n 1)
fi
if [ -n "$storage" ] && [ "$(readlink -f -- "$storage")" != "$(readlink -f -- "$HOME_DIR/data")" ]; then echo "storagedir=$storage"; fi
for log in "${logdir:-/}/system.log" "$HOME_DIR/logs/system.log" /var/log/cassandra/system.log; do
  [ ! -f "$log" ] || break
done
echo "log=$log"
if [ -f "$log" ] && [ -r "$log" ]; then echo log_readable=yes; fi
for tool in awk base64 cmp comm cp dd df find flock grep head id ln mkdir mktemp mv readlink sed sort stat sync tail tee tr wc xargs; do
  command -v "$tool" >/dev/null 2>&1 || echo "missing=$tool"
done
dd bs=1 count=0 iflag=fullblock </dev/null >/dev/null 2>&1 || echo "missing=a dd that knows iflag=fullblock"
# it needs a Python, which the node does not
said=$("$CQLSH" --version 2>&1) || echo "no_cqlsh=$(printf '%s\n' "$said" | grep -v '^[[:space:]]*$' | tail -n 1)"
command -v openssl >/dev/null 2>&1 || command -v sha256sum >/dev/null 2>&1 || echo "missing=sha256sum"

# what a guard needs: the file that cassandra.yaml is, and whether a rename can replace it
file=$(readlink -f -- "$CONF/cassandra.yaml")
echo "conf_file=$file"
if awk -v file="$file" '$5 == file { hit = 1 } END { exit !hit }' /proc/self/mountinfo; then
  echo "conf_fixed=$file is a mount"
elif [ ! -w "${file%/*}" ]; then echo "conf_fixed=${file%/*} cannot be written"
fi
echo "uid=$(id -u)"

# property NAME UNIT: without --value, which older ones do not know
property() { systemctl show -p "$1" "$2" 2>/dev/null | sed -n "s/^$1=//p"; }

# runs_cassandra UNIT PID: whether that is Cassandra's own unit, and not that of whoever started it
# (sshd, cron, a supervisor): its main process is Cassandra, or a shell around it, or it has none
# because an init script started it.
runs_cassandra() {
  main=$(property MainPID "$1")
  if [ "$main" = "$2" ]; then return 0; fi
  if [ "${main:-0}" = 0 ]; then
    case $(property SourcePath "$1") in */init.d/*) return 0 ;; *) return 1 ;; esac
  fi
  [ "$(awk '$1 == "PPid:" { print $2 }' "/proc/$2/status")" = "$main" ] || return 1
  case $(cat "/proc/$main/comm") in sh | bash | dash | ksh) ;; *) return 1 ;; esac
}

if [ -d /run/systemd/system ] && command -v systemctl >/dev/null 2>&1; then
  unit=
  for pid in $(cassandra_pids); do
    # a unit of a user's own systemd is not the system's
    found=$(grep -v /user@ "/proc/$pid/cgroup" | tr / '\n' | grep '\.service$' | head -n 1)
    if [ -n "$found" ] && runs_cassandra "$found" "$pid"; then unit=$found; fi
  done
  # running without it today, but started by it at the next boot
  if [ -z "$unit" ] && [ "$(property LoadState cassandra.service)" = loaded ]; then unit=cassandra.service; fi
  # a plain name: it becomes part of a path in which systemd replaces what begins with %
  case $unit in '' | *[!A-Za-z0-9:_.@-]*) ;; *) echo "unit=$unit" ;; esac
fi

# What a node that is down cannot say itself: this host's addresses, as Cassandra prints them (IPv6
# without ::), and the version that is installed.
awk '/\/32 host LOCAL/ && last !~ /^127\./ { print "address=" last } { last = $2 }' /proc/net/fib_trie 2>/dev/null | sort -u
awk '$6 != "lo" { a = ""
  for (i = 1; i < 32; i += 4) { g = substr($1, i, 4); sub(/^0+/, "", g); a = a (i > 1 ? ":" : "") (g == "" ? "0" : g) }
  print "address=" a }' /proc/net/if_inet6 2>/dev/null
sed -n 's/^[[:space:]]*dc[[:space:]]*=[[:space:]]*\([^[:space:]]*\).*/dc=\1/p' "$CONF/cassandra-rackdc.properties" 2>/dev/null
for jar in "$HOME_DIR"/lib/apache-cassandra-[0-9]*.jar /usr/share/cassandra/apache-cassandra-[0-9]*.jar; do
  [ -f "$jar" ] || continue
  jar=${jar##*/apache-cassandra-}
  echo "installed=${jar%.jar}"
done
