# The stop command's word counts for nothing: no process, no port.
pids=$(cassandra_pids | tr '\n' ' ')
[ -z "$pids" ] || die "process $pids still runs"
for port in $PORTS; do
  if listening "$port"; then die "port $port still listens"; fi
done
echo "no process, ports $PORTS closed"
