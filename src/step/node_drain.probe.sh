# One that other nodes can reach is not drained; that needs no JVM.
for port in $STORAGE_PORTS; do
  if listening "$port"; then die "port $port listens"; fi
done
# The mode, then the latest of the log.
nt netstats
log_since "$LOG" "$(($(wc -c <"$LOG") - 262144))"
