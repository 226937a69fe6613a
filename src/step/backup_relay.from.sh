# Prints the files that are asked for, one behind the other: a line `sha256<tab>size<tab>to<tab>sstable`, then so
# many bytes; at last `end`. Reads their lines (as of backup_shelf.sh) and an `end` of its own, without which the
# list was cut off. SOURCE: the keyspace's backup.
gently
cd "$SOURCE" || die "cannot enter $SOURCE"
whole=
while IFS="$tab" read -r sha size from to sstable; do
  if [ "$sha" = end ]; then whole=yes; break; fi
  # a pipe would be waited for for ever
  if [ -L "$from" ] || [ ! -f "$from" ]; then die "cannot read $SOURCE/$from: it is no file"; fi
  [ "$(stat -c %s -- "$from" 2>/dev/null)" = "$size" ] || die "$SOURCE/$from is not what the manifest says: not a file of $size bytes"
  printf '%s\t%s\t%s\t%s\n' "$sha" "$size" "$to" "$sstable"
  cat -- "$from" || die "cannot read $SOURCE/$from"
done
[ -n "$whole" ] || die "the list of files was cut off"
echo end
