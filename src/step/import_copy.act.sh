# Copies what the written scripts left of one keyspace, keeps the hashes of the source for the
# verification, and compares each Data.db with the digest that Cassandra wrote beside it. Follows
# digest.sh and copy.sh. SOURCE is never changed. FILES: `size<tab>table/path`; DIGESTS: `algorithm<tab>data<tab>digest`.
dest=$PARTIAL/$KEYSPACE
work=$PARTIAL/.work
rm -rf -- "$dest" "$work"
ours "$dest"
ours "$work"
gently
for table in $TABLES; do mkdir -- "$dest/$table" || die "cannot make $dest/$table"; done
cd "$dest" || die "cannot enter $dest"
printf '%s\n' "$FILES" | from=$SOURCE awk -F "$tab" 'NF == 2 { print $1 "\t" ENVIRON["from"] "/" $2 "\t" $2 }' >"$work/files"
cut -f 3 "$work/files" | sed 's|/[^/]*$||' | sort -u | xargs -r mkdir -p -- || die "cannot make directories in $dest"
copy_files "$work/files" "$work/$KEYSPACE.source"
printf '%s\n' "$DIGESTS" | while IFS="$tab" read -r algorithm data file; do
  if [ -z "$data" ] || [ -z "$tool" ] || [ "$tool $algorithm" = "gzip adler32" ]; then continue; fi
  wanted=$(tr -d '\n\t ' <"$file")
  found=$(digest "$algorithm" "$data")
  [ "$wanted" = "$found" ] || die "$data is not what Cassandra wrote: $file says $wanted, the data give $found"
done || exit 1
printf '%s\n' "$TAKEN_AT" >"$work/taken_at"
: >"$work/tablestats"
awk -F "$tab" -v tool="$(hash_tool)" '{ n++; s += $1 } END { printf "%d files, %.0f bytes, sha256 by %s\n", n, s, tool }' "$work/files"
