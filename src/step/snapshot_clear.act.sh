# Only our own tag, only these keyspaces. rc 0 also when it was never there.
# shellcheck disable=SC2086
nt clearsnapshot -t "$SNAPSHOT" $(printf '%s ' $KEYSPACES) || die "nodetool clearsnapshot failed"
