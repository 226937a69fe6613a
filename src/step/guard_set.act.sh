# A file that Cassandra cannot parse as an sstable, in the root of every data directory: a node
# that finds it at start exits within seconds and names it. The name tells the reader why.
printf '%s\n' "$DATA_DIRS" | while IFS= read -r dir; do
  file=$dir/$GUARD_FILE
  [ -e "$file" ] || printf 'reseed run %s is under way. Remove only with reseed.\n' "$RESEED_RUN" >"$file" || die "cannot write $file"
  chmod 644 -- "$file" || die "cannot open $file to Cassandra's user"
done || exit 1
sync
