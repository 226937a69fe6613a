# The operator's own check, at CL ONE on this node. The judgement is made by who asked.
work=$(mktemp -d) || die "no temporary directory"
printf 'CONSISTENCY ONE;\nPAGING OFF;\nUSE "%s";\n%s;\n' "$KEYSPACE" "$QUERY" >"$work/q.cql"
rc=0
cql "$work/q.cql" || rc=1
rm -rf "$work"
exit "$rc"
