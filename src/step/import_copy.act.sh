# Copies what the written scripts left of one keyspace, keeps the hashes of the source for the
# verification, and compares each Data.db with the digest that Cassandra wrote beside it. Follows
# digest.sh. SOURCE is never changed. FILES: `size<tab>table/path`; DIGESTS: `algorithm<tab>data<tab>digest`.
dest=$PARTIAL/$KEYSPACE
work=$PARTIAL/.work
rm -rf -- "$dest" "$work"
ours "$dest"
ours "$work"
renice -n 10 -p $$ >/dev/null 2>&1 || :
reflink=
if cp --reflink=auto /dev/null "$work/.probe" 2>/dev/null; then reflink=--reflink=auto; fi
rm -f "$work/.probe"
for table in $TABLES; do mkdir -- "$dest/$table" || die "cannot make $dest/$table"; done
total=$(printf '%s\n' "$FILES" | awk '{ s += $1 } END { printf "%.0f", s }')
done=0
printf '%s\n' "$FILES" | while IFS="$tab" read -r size path; do
  [ -n "$path" ] || continue
  mkdir -p -- "$dest/${path%/*}"
  # -P: what became a link since it was looked at is not followed, and found out when it is verified
  # shellcheck disable=SC2086 # empty or one word
  cp $reflink -P -p -- "$SOURCE/$path" "$dest/$path" || die "cannot copy $SOURCE/$path"
  done=$((done + size))
  progress "$done" "$total" bytes
done || exit 1
chmod -R u+rwX,go-rwx "$dest"
cd "$SOURCE" || die "cannot enter $SOURCE"
printf '%s\n' "$FILES" | cut -f 2 | hash_list >"$work/$KEYSPACE.source" || die "cannot hash $SOURCE"
cd "$dest" || die "cannot enter $dest"
printf '%s\n' "$DIGESTS" | while IFS="$tab" read -r algorithm data file; do
  if [ -z "$data" ] || [ -z "$tool" ] || [ "$tool $algorithm" = "gzip adler32" ]; then continue; fi
  wanted=$(tr -d '\n\t ' <"$file")
  found=$(digest "$algorithm" "$data")
  [ "$wanted" = "$found" ] || die "$data is not what Cassandra wrote: $file says $wanted, the data give $found"
done || exit 1
printf '%s\n' "$TAKEN_AT" >"$work/taken_at"
: >"$work/tablestats"
