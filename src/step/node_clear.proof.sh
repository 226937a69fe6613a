{ printf '%s\n' "$DIRS"; system_tables; } | while IFS="$tab" read -r label path place; do
  # with the slash, a link is followed
  left=$(find "$path/" -mindepth 1 -maxdepth 1 ! -name .reseed ! -name snapshots ! -name backups ! -name lost+found | head -n 1)
  [ -z "$left" ] || die "$label is not empty: $left (place $place)"
done || exit 1
echo "empty"
