printf '%s\n' "$DATA_DIRS" | while IFS= read -r dir; do
  [ ! -e "$dir/$GUARD_FILE" ] || die "$dir/$GUARD_FILE is still there"
done || exit 1
echo "removed"
