printf '%s\n' "$DATA_DIRS" | while IFS= read -r dir; do
  [ -s "$dir/$GUARD_FILE" ] || die "no $GUARD_FILE in $dir"
done || exit 1
echo "in every data directory"
