# The keyspace's tables go to quarantine, by rename; an empty directory with the same owner takes
# their place, with other people's snapshots/ and backups/ put back. FRESH: see table_swap.act.sh.
no_cassandra
printf '%s\n' "$TABLES" | while IFS= read -r dir; do
  [ -n "$dir" ] || continue
  printf '%s\n' "$DATA_DIRS" | while IFS="$tab" read -r label path place; do
    live=$path/$KEYSPACE/$dir
    aside=$place/$RESEED_RUN/quarantine/$label/$KEYSPACE
    ours "$aside"
    if [ -n "$FRESH" ] && [ ! -e "$aside/$dir" ]; then fresh "$live"; fi
    if [ ! -e "$aside/$dir" ]; then rename "$live" "$aside/$dir"; fi
    # one that is there may have been made right before a power cut, and not dressed
    if [ -e "$live" ]; then dress "$aside/$dir" "$live"; else like "$aside/$dir" "$live"; fi
    for foreign in snapshots backups; do
      if [ -e "$aside/$dir/$foreign" ]; then rename "$aside/$dir/$foreign" "$live/$foreign"; fi
    done
  done || exit 1
done || exit 1
sync
