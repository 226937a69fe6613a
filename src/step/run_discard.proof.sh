printf '%s\n' "$PLACES" | while IFS= read -r place; do
  printf '%s\n' "$RUNS" | while IFS= read -r run; do
    for left in "$place/$run" "$place/$run.discarded"; do
      [ ! -e "$left" ] || die "still there: $left"
    done
  done || exit 1
done || exit 1
echo "gone"
