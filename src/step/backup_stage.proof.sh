# Follows backup_shelf.sh.
files=$(printf '%s\n' "$shelves" | while IFS= read -r shelf; do
  final=${shelf%.partial}
  [ -d "$final" ] || die "$final is not there"
  find "$final" -type f
done | wc -l)
[ "$((files))" -eq "$COUNT" ] || die "$((files)) files are staged instead of $COUNT"
echo "$((files)) files, every byte as in the manifest"
