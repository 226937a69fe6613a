# Runs the CQL text in $CQL on this node.
work=$(mktemp -d) || die "no temporary directory"
printf 'PAGING OFF;\n%s\n' "$CQL" >"$work/q.cql"
rc=0
cql "$work/q.cql" || rc=$?
rm -rf "$work"
exit "$rc"
