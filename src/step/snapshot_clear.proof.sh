for keyspace in $KEYSPACES; do
  printf '%s\n' "$DATA_DIRS" | while IFS= read -r data; do
    left=$(find "$data/$keyspace" -mindepth 3 -maxdepth 3 -type d -name "$SNAPSHOT" -path '*/snapshots/*' | head -n 1)
    [ -z "$left" ] || die "still there: $left"
  done || exit 1
done
echo "snapshot $SNAPSHOT is gone"
