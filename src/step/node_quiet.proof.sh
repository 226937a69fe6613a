if [ -e "$PLACE/$RESEED_RUN/undrained" ]; then echo "not drained: $(head -n 1 "$PLACE/$RESEED_RUN/undrained")"; exit 0; fi
if [ -z "$(cassandra_pids)" ]; then echo "Cassandra does not run"; exit 0; fi
mode=$(nt netstats | sed -n 's/^Mode: *//p')
[ "$mode" = DRAINED ] || die "its mode is ${mode:-not known}, not DRAINED"
echo "Mode: DRAINED, clean log"
