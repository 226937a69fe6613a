# A table that was just started with new files may not be ready yet: each index is tried for ten seconds.
printf '%s\n' "$INDEXES" | while IFS="$tab" read -r name dir _; do
  tries=1
  until nt rebuild_index "$KEYSPACE" "${dir%-*}" "$name" </dev/null; do
    [ "$tries" -lt 10 ] || die "rebuild of index $name failed $tries times"
    tries=$((tries + 1))
    sleep 1
  done
done || exit 1
