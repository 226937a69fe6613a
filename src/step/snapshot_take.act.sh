# A tag of ours alone: nothing else on the node uses this name.
# shellcheck disable=SC2086 # keyspace names are words, one a line
nt snapshot -t "$SNAPSHOT" $KEYSPACES || die "nodetool snapshot failed"
ours "$PARTIAL/.work"
date -u +%Y-%m-%dT%H:%M:%SZ >"$PARTIAL/.work/taken_at"
# estimates for the manifest; a node that cannot tell leaves them at 0
# shellcheck disable=SC2086 # as above
nt tablestats $KEYSPACES >"$PARTIAL/.work/tablestats" 2>/dev/null || :
