# The tables as this node knows them, with their ids; the judgement is made by who asked.
work=$(mktemp -d) || die "no temporary directory"
printf 'CONSISTENCY ONE;\nPAGING OFF;\n%s\n' "$QUERIES" >"$work/q.cql"
rc=0
cql "$work/q.cql" || rc=1
rm -rf "$work"
exit "$rc"
