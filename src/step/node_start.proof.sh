listening "$NATIVE_PORT" || die "port $NATIVE_PORT does not listen"
nt netstats
