# One that other nodes can reach is not drained; that needs no JVM.
for port in $STORAGE_PORTS; do
  if listening "$port"; then die "port $port listens"; fi
done
