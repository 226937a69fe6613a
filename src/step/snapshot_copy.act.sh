# Copies one keyspace's snapshot, dot directories and every data directory included, and keeps
# the hashes of the source for the verification. Follows copy.sh. TABLES: `table<tab>table directory`.
dest=$PARTIAL/$KEYSPACE
work=$PARTIAL/.work
sums=$work/$KEYSPACE.source
gently
rm -rf -- "$dest"
ours "$dest"
: >"$work/list"
printf '%s\n' "$DATA_DIRS" | while IFS= read -r data; do
  cd "$data/$KEYSPACE" 2>/dev/null || continue
  printf '%s\n' "$TABLES" | while IFS="$tab" read -r table dir; do
    [ -z "$table" ] || [ ! -d "$dir/snapshots/$SNAPSHOT" ] || printf '%s\n' "$dir/snapshots/$SNAPSHOT"
  done >"$work/snapshots"
  odd=$(xargs -r sh -c 'find "$@" ! -type d ! -type f' find <"$work/snapshots" | head -n 1)
  [ -z "$odd" ] || die "$data/$KEYSPACE/$odd is neither a file nor a directory"
  # `data directory<tab>size path`, the path from the table's directory on
  xargs -r sh -c 'find "$@" -type f -exec stat -c "%s %n" {} +' find <"$work/snapshots" |
    data=$data/$KEYSPACE awk '{ print ENVIRON["data"] "\t" $0 }' >>"$work/list"
  cat "$work/snapshots" >>"$work/found"
done || exit 1
# paths are JSON and shell words later; a name that is more than that is refused here
odd=$(cut -f 2- "$work/list" | grep -v -E '^[0-9]+ [A-Za-z0-9_-]+/snapshots/[A-Za-z0-9_-]+/(\.[A-Za-z0-9_-]+/)?[A-Za-z0-9_.+=-]+$' | head -n 1)
[ -z "$odd" ] || die "unexpected file name in the snapshot: $KEYSPACE/${odd#* }"
# a table whose snapshot left no directory was dropped meanwhile: not a whole backup
printf '%s\n' "$TABLES" | while IFS="$tab" read -r table dir; do
  [ -n "$table" ] || continue
  grep -q -F -x "$dir/snapshots/$SNAPSHOT" "$work/found" || die "table $table has no snapshot: was it dropped just now?"
  mkdir -- "$dest/$table" || die "cannot make $dest/$table"
done || exit 1
{ printf '%s\n' "$TABLES"; echo; cat "$work/list"; } | awk -F "$tab" '
  !files { if ($0 == "") files = 1; else table[$2] = $1; next }
  NF < 2 { next }
  { size = file = $2; sub(" .*", "", size); sub("[^ ]* ", "", file)
    dir = rest = file; sub("/.*", "", dir); sub("[^/]*/snapshots/[^/]*/", "", rest)
    print size "\t" $1 "/" file "\t" table[dir] "/" rest }' >"$work/files"
twice=$(cut -f 3 "$work/files" | sort | uniq -d | head -n 1)
[ -z "$twice" ] || die "two data directories have a file $KEYSPACE/$twice"
cd "$dest" || die "cannot enter $dest"
cut -f 3 "$work/files" | sed -n 's|/[^/]*$||p' | sort -u | xargs -r mkdir -p -- || die "cannot make directories in $dest"
copy_files "$work/files" "$sums"
awk -F "$tab" -v tool="$(hash_tool)" '{ n++; s += $1 } END { printf "%d files, %.0f bytes, sha256 by %s\n", n, s, tool }' "$work/files"
rm -f -- "$work/list" "$work/files" "$work/snapshots" "$work/found"
