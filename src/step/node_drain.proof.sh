mode=$(nt netstats | sed -n 's/^Mode: *//p' | head -n 1)
[ "$mode" = DRAINED ] || die "mode is ${mode:-unknown}, not DRAINED"
echo "Mode: DRAINED, clean log"
