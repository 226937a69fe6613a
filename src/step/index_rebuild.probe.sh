# Restored with its files, or nothing to index? INDEXES: `name<tab>table directory<tab>kind`.
# A legacy index lives in .NAME/ of the table's directory; the others beside the sstables.
printf '%s\n' "$INDEXES" | while IFS="$tab" read -r name dir kind; do
  base=$(printf '%s\n' "$DATA_DIRS" | while IFS= read -r path; do
    find "$path/$KEYSPACE/$dir" -maxdepth 1 -name '*-Data.db'; done | head -n 1)
  [ -n "$base" ] || continue
  have=$(printf '%s\n' "$DATA_DIRS" | while IFS= read -r path; do
    if [ "$kind" = CUSTOM ]; then find "$path/$KEYSPACE/$dir" -maxdepth 1 \( -name '*SAI*' -o -name "*SI_$name*" \)
    else find "$path/$KEYSPACE/$dir/.$name" -maxdepth 1 -name '*-Data.db' 2>/dev/null; fi; done | head -n 1)
  [ -n "$have" ] || die "index $name has no files"
done || exit 1
echo "all index files restored"
