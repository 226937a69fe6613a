# The mode, then what the log says, above INFO, since the last drain began (else the latest of it). A process that has drained
# stays so, and closes its storage port: what it logged last, since it was started, is its mode. Where the log does not
# tell, nodetool does. A log that Cassandra does not write to (another file's name is configured) tells nothing here.
size=$(wc -c <"$LOG")
from=$((size > 262144 ? size - 262144 : 0))
said=$(tail -c "+$((from + 1))" "$LOG" | awk -v at="$from" -v from="$from" '
  BEGIN { begun = from }
  / Configuration location: | Node configuration:\[/ { drained = "" }
  / - DRAINING/ { drained = ""; begun = at }
  / - DRAINED$/ && /StorageService/ { drained = $0 }
  { at += length($0) + 1 }
  END { printf "%.0f %s\n", begun, drained }')
drained=${said#* }
for port in $STORAGE_PORTS; do
  if listening "$port"; then drained=; fi
done
# a process that we may not look into leaves it to nodetool
kept=$(log_kept "$LOG")
if [ -n "$drained" ] && [ "$kept" = yes ]; then printf 'Mode: DRAINED\nreseed: its log says so: %s\n' "$drained"
else nt netstats
fi
[ "$kept" = no ] || log_since "$LOG" "${said%% *}"
