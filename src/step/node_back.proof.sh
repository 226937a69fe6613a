{ printf '%s\n' "$DIRS"; system_tables; } | while IFS="$tab" read -r label _ place; do
  aside=$place/$OF/quarantine/$label
  [ -d "$aside" ] || continue
  left=$(find "$aside" -mindepth 1 -maxdepth 1 | head -n 1)
  [ -z "$left" ] || die "$label is still in quarantine: $left"
done || exit 1
echo "returned"
