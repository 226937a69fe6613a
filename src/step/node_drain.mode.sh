# The mode, then the latest of the log. A process that has drained stays so, and closes its storage port: what it
# logged last, since it was started, is its mode. Where the log does not tell, nodetool does.
latest=$(($(wc -c <"$LOG") - 262144))
last=$(tail -c "+$((latest > 0 ? latest + 1 : 1))" "$LOG" | awk '
  / Configuration location: | Node configuration:\[/ { last = "" }
  / - DRAINED$/ && /StorageService/ { last = $0 }
  END { print last }')
for port in $STORAGE_PORTS; do
  if listening "$port"; then last=; fi
done
if [ -n "$last" ] && [ -n "$(cassandra_pids)" ]; then printf 'Mode: DRAINED\nreseed: its log says so: %s\n' "$last"
else nt netstats
fi
log_since "$LOG" "$latest"
