printf '%s\n' "$TABLES" | while IFS= read -r dir; do
  [ -n "$dir" ] || continue
  printf '%s\n' "$DATA_DIRS" | while IFS="$tab" read -r _ path _; do
    # from within: the way there may lead through a directory called as what belongs to others
    cd "$path/$KEYSPACE/$dir" 2>/dev/null || die "$path/$KEYSPACE/$dir is not there"
    left=$(find . -type f ! -path './snapshots/*' ! -path './backups/*' | head -n 1)
    [ -z "$left" ] || die "not empty: $path/$KEYSPACE/$dir/${left#./}"
  done || exit 1
done || exit 1
echo "empty"
