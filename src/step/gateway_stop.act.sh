cd "${STARTINSTANCE%/*}" || die "no ${STARTINSTANCE%/*}"
as_user "$RUN_AS" "$STARTINSTANCE" -k -n "$INSTANCE" -g "$GROUP" || die "startinstance -k failed with exit code $?"
