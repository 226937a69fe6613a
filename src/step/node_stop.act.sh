run_command "$STOP" || die "the stop command failed with exit code $?: $STOP"
