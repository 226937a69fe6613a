# For each table, in each data directory: live to quarantine, stage to live, both by rename; then other people's
# snapshots/ and backups/ go back. What stage, live and quarantine say together tells how far an
# earlier attempt came; a state that no attempt leaves is not touched. FRESH: this node was down, and
# may never have made the table's directory; then an empty one is made and set aside.
no_cassandra
printf '%s\n' "$TABLES" | while IFS= read -r dir; do
  [ -n "$dir" ] || continue
  printf '%s\n' "$DATA_DIRS" | while IFS="$tab" read -r label path place; do
    live=$path/$KEYSPACE/$dir
    stage=$place/$RESEED_RUN/stage/$label/$KEYSPACE
    aside=$place/$RESEED_RUN/quarantine/$label/$KEYSPACE
    ours "$aside"
    if [ -n "$FRESH" ] && [ ! -e "$aside/$dir" ]; then fresh "$live"; fi
    if [ -e "$stage/$dir" ]; then
      if [ ! -e "$aside/$dir" ]; then rename "$live" "$aside/$dir"; fi
      rename "$stage/$dir" "$live"
    fi
    if [ ! -d "$live" ] || [ ! -d "$aside/$dir" ]; then die "$live: neither swapped nor as it was"; fi
    for foreign in snapshots backups; do
      if [ -e "$aside/$dir/$foreign" ]; then rename "$aside/$dir/$foreign" "$live/$foreign"; fi
    done
  done || exit 1
done || exit 1
sync
