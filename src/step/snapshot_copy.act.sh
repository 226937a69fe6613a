# Copies one keyspace's snapshot, dot directories and every data directory included, and keeps
# the hashes of the source for the verification. TABLES: `table<tab>table directory`.
dest=$PARTIAL/$KEYSPACE
sums=$PARTIAL/.work/$KEYSPACE.source
rm -rf -- "$dest"
ours "$dest"
: >"$sums"
reflink=
if cp --reflink=auto /dev/null "$PARTIAL/.work/.probe" 2>/dev/null; then reflink=--reflink=auto; fi
total=$(printf '%s\n' "$TABLES" | wc -l)
n=0
printf '%s\n' "$TABLES" | while IFS="$tab" read -r table dir; do
  [ -n "$table" ] || continue
  mkdir -- "$dest/$table" || die "cannot make $dest/$table"
  found=
  while IFS= read -r data; do
    snapshot=$data/$KEYSPACE/$dir/snapshots/$SNAPSHOT
    [ -d "$snapshot" ] || continue
    found=yes
    odd=$(find "$snapshot" ! -type d ! -type f | head -n 1)
    [ -z "$odd" ] || die "$odd is neither a file nor a directory"
    # shellcheck disable=SC2086
    cp $reflink -R -p -- "$snapshot/." "$dest/$table/" || die "cannot copy $snapshot"
    (cd "$snapshot" && find . -type f | sed 's|^\./||' | hash_list) | sed "s|  |  $table/|" >>"$sums" || die "cannot hash $snapshot"
  done <<EOF
$DATA_DIRS
EOF
  # a table whose snapshot left no directory was dropped meanwhile: not a whole backup
  [ -n "$found" ] || die "table $table has no snapshot: was it dropped just now?"
  n=$((n + 1))
  progress "$n" "$total" tables
done || exit 1
chmod -R u+rwX,go-rwx "$dest"
