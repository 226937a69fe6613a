mode=$(nt netstats | sed -n 's/^Mode: *//p' | head -n 1)
[ "$mode" = NORMAL ] || die "mode is ${mode:-unknown}, not NORMAL"
listening "$NATIVE_PORT" || die "port $NATIVE_PORT does not listen"
echo "Mode: NORMAL, port $NATIVE_PORT open"
