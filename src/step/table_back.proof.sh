tables=0
printf '%s\n' "$TABLES" | while IFS= read -r dir; do
  [ -n "$dir" ] || continue
  printf '%s\n' "$DATA_DIRS" | while IFS="$tab" read -r label path place; do
    [ -d "$path/$KEYSPACE/$dir" ] || [ -n "$FRESH" ] || die "$path/$KEYSPACE/$dir is not there"
    old=$place/$OF/quarantine/$label/$KEYSPACE/$dir
    [ ! -e "$old" ] || die "still in quarantine: $old"
    for foreign in snapshots backups; do
      left=$place/$RESEED_RUN/quarantine/$label/$KEYSPACE/$dir/$foreign
      [ ! -e "$left" ] || die "still in quarantine: $left"
    done
  done || exit 1
done || exit 1
echo "the tables of before the run are live"
