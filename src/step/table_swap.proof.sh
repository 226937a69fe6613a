# Every live file is exactly a staged one: names and count here, bytes were hashed on the stage and only
# renamed since.
printf '%s\n' "$DATA_DIRS" | while IFS="$tab" read -r label _ place; do
  left=$(find "$place/$RESEED_RUN/stage/$label/$KEYSPACE" -mindepth 1 -maxdepth 1 2>/dev/null | head -n 1)
  [ -z "$left" ] || die "still staged: $left"
done || exit 1
files=$(printf '%s\n' "$TABLES" | while IFS= read -r dir; do
  [ -n "$dir" ] || continue
  printf '%s\n' "$DATA_DIRS" | while IFS="$tab" read -r _ path _; do
    # from within: the way there may lead through a directory called as what belongs to others
    cd "$path/$KEYSPACE/$dir" 2>/dev/null || { echo missing; continue; }
    find . -type f ! -path './snapshots/*' ! -path './backups/*'
  done
done | wc -l)
[ "$((files))" -eq "$COUNT" ] || die "$((files)) live files instead of $COUNT"
echo "$((files)) files live"
