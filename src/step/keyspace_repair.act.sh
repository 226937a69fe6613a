# $KEYSPACES: one a line. A keyspace of which every replica is here alone needs no repair and says
# so; the judgement over the output is made by who asked.
# $HOSTS: when machines are gone, those that are there. A repair that needs a dead replica fails, and
# -pr, whose ranges only their owner repairs, would leave those of the dead ones out.
if [ -z "$HOSTS" ]; then set -- -pr --full
else
  set -- --full
  for host in $HOSTS; do set -- "$@" -hosts "$host"; done
fi
printf '%s\n' "$KEYSPACES" | while IFS= read -r keyspace; do
  [ -n "$keyspace" ] || continue
  printf 'reseed: repair of %s\n' "$keyspace"
  nt repair "$@" "$keyspace" </dev/null || die "repair of $keyspace failed with exit code $?"
done || exit 1
