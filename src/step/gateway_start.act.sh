cd "${STARTINSTANCE%/*}" || die "no ${STARTINSTANCE%/*}"
rc=0
start_as "$RUN_AS" "$STARTINSTANCE" -d -n "$INSTANCE" -g "$GROUP" || rc=$?
tail -n 20 "$RESEED_JOB/start.out" >&2
[ "$rc" = 0 ] || die "startinstance -d failed with exit code $rc"
