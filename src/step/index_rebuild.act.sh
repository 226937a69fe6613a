printf '%s\n' "$INDEXES" | while IFS="$tab" read -r name dir _; do
  nt rebuild_index "$KEYSPACE" "${dir%-*}" "$name" </dev/null || die "rebuild of index $name failed"
done || exit 1
