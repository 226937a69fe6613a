printf '%s\n' "$TABLES" | while IFS= read -r dir; do
  [ -n "$dir" ] || continue
  printf '%s\n' "$DATA_DIRS" | while IFS="$tab" read -r _ path _; do
    [ -d "$path/$KEYSPACE/$dir" ] || die "$path/$KEYSPACE/$dir is not there"
    left=$(find "$path/$KEYSPACE/$dir" -type f ! -path '*/snapshots/*' ! -path '*/backups/*' | head -n 1)
    [ -z "$left" ] || die "not empty: $left"
  done || exit 1
done || exit 1
echo "empty"
