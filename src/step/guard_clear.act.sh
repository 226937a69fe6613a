# Last act before the start. What was swapped must be on disk before the node may read it.
sync
printf '%s\n' "$DATA_DIRS" | while IFS= read -r dir; do
  rm -f -- "$dir/$GUARD_FILE" || die "cannot remove $dir/$GUARD_FILE"
done || exit 1
sync
