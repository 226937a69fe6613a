# Only our own tag, only these keyspaces. rc 0 also when it was never there.
# shellcheck disable=SC2086 # keyspace names are words, one a line
nt clearsnapshot -t "$SNAPSHOT" $KEYSPACES || die "nodetool clearsnapshot failed"
