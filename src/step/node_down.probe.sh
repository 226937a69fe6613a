# Down already? Then there is nothing to drain or stop.
[ -z "$(cassandra_pids)" ] || die "Cassandra runs"
echo "Cassandra does not run"
