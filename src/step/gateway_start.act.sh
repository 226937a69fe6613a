cd "${STARTINSTANCE%/*}" || die "no ${STARTINSTANCE%/*}"
as_user "$RUN_AS" "$STARTINSTANCE" -d -n "$INSTANCE" -g "$GROUP" || die "startinstance -d failed with exit code $?"
