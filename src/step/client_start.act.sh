rc=0
start_command "$START" || rc=$?
tail -n 20 "$RESEED_JOB/start.out" >&2
[ "$rc" = 0 ] || die "the start command failed with exit code $rc: $START"
