{ printf '%s\n' "$DIRS"; system_tables; } | while IFS="$tab" read -r label path place; do
  left=$(find "$path" -mindepth 1 -maxdepth 1 ! -name .reseed ! -name snapshots ! -name backups | head -n 1)
  [ -z "$left" ] || die "$label is not empty: $left (place $place)"
done || exit 1
echo "empty"
