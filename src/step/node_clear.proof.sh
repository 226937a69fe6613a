printf '%s\n' "$DIRS" | while IFS="$tab" read -r label path place; do
  left=$(find "$path" -mindepth 1 -maxdepth 1 ! -name .reseed | head -n 1)
  [ -z "$left" ] || die "$label is not empty: $left (place $place)"
done || exit 1
echo "empty"
