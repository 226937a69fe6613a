# Creates what $STATEMENTS say, each of which may run again. cqlsh goes on after an error in a file, so
# what it says is shown, and the proof tells whether all of it is there.
work=$(mktemp -d) || die "no temporary directory"
printf '%s\n' "$STATEMENTS" >"$work/create.cql"
rc=0
cql "$work/create.cql" 2>"$work/errors" || rc=$?
cat "$work/errors" >&2
rm -rf "$work"
[ "$rc" -eq 0 ] || die "cqlsh failed with exit code $rc"
