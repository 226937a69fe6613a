# $KEYSPACES: one a line. A keyspace of which every replica is here alone needs no repair and says
# so; the judgement over the output is made by who asked.
printf '%s\n' "$KEYSPACES" | while IFS= read -r keyspace; do
  [ -n "$keyspace" ] || continue
  printf 'reseed: repair of %s\n' "$keyspace"
  nt repair -pr --full "$keyspace" </dev/null || die "repair of $keyspace failed with exit code $?"
done || exit 1
