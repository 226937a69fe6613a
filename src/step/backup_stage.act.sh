# Makes the stage of one keyspace, a verified copy of the backup beside the data, with the owner and mode of
# live data; Cassandra serves meanwhile. Follows copy.sh and backup_shelf.sh. What is on the shelves whole, from an
# earlier attempt or carried there by backup.relay, stays; the rest is copied from SOURCE and hashed while it is.
# A stage that is complete has its final name. TABLES: the live tables' directories. RELAYED: nothing is left to be
# copied.
gently
printf '%s\n' "$shelves" | while IFS= read -r shelf; do
  final=${shelf%.partial}
  [ -e "$final" ] || continue
  if [ -e "$shelf" ]; then rm -rf -- "$final"; else rename "$final" "$shelf"; fi
done || exit 1
rm -rf -- "$stage"/.work.*
open_shelves
printf '%s\n' "$FILES" >"$work/wanted"
missing >"$work/missing" || exit 1
cut -f 2- "$work/missing" >"$work/todo"

# what is not of this backup, or only in part
n=0
printf '%s\n' "$shelves" | while IFS= read -r shelf; do
  odd=$(find "$shelf" ! -type d ! -type f | head -n 1)
  [ -z "$odd" ] || die "$odd is neither a file nor a directory"
  n=$((n + 1))
  awk -F "$tab" -v n="$n" '
    FILENAME == ARGV[1] { wanted["./" $4] = 1; next }
    FILENAME == ARGV[2] { delete wanted["./" $4]; next }
    { split($0, file, " "); if (file[2] == n && !(file[3] in wanted)) print file[3] }
  ' "$work/wanted" "$work/todo" "$work/there" >"$work/strange"
  (cd "$shelf" && xargs -r rm -f -- <"$work/strange") || die "cannot tidy $shelf"
  find "$shelf" -mindepth 1 -depth -type d -exec rmdir -- {} + 2>/dev/null || :
done || exit 1
if [ -s "$work/todo" ] && [ -n "$RELAYED" ]; then
  rm -f -- "$arrived"
  die "$(head -n 1 "$work/todo" | cut -f 4) has not arrived, or was changed since; run: reseed abandon $RESEED_RUN, then restore again"
fi

# a shelf for each sstable: where some of it is already, else where there is the most room by then. Each disk must
# hold what goes to it, whatever room the others have.
room >"$work/room"
[ "$(wc -l <"$work/room")" -eq "$(printf '%s\n' "$shelves" | wc -l)" ] || die "cannot tell how much room there is (df)"
source=$SOURCE shelves=$shelves tight=$work/tight awk -F "$tab" -v margin="$margin" '
  function put(sstable, n) {
    shelf[sstable] = n
    if (room[disk[n]] < sum[sstable] + margin * 1024)
      printf "%s\t%.0f\t%.0f\t%s\n", sstable, sum[sstable], room[disk[n]] / 1024, path[n] > ENVIRON["tight"]
    room[disk[n]] -= sum[sstable]
  }
  BEGIN { split(ENVIRON["shelves"], path, "\n") }
  FILENAME == ARGV[1] { split($0, a, " "); disk[++shelves] = a[3]; if (a[3] == a[1]) room[a[1]] = a[2] * 1024; next }
  FILENAME == ARGV[2] { split($0, a, " "); at[a[3]] = a[2]; next }
  FILENAME == ARGV[3] { missing[$4] = 1; sum[$5] += $2; next }
  !($4 in missing) { if (("./" $4) in at) begun[$5] = at["./" $4]; next }
  { line[++lines] = $0 }
  END {
    for (sstable in begun) if (sstable in sum) put(sstable, begun[sstable])
    for (i = 1; i <= lines; i++) {
      split(line[i], f, "\t")
      if (!(f[5] in shelf)) {
        best = 1
        for (n = 2; n <= shelves; n++) if (room[disk[n]] > room[disk[best]]) best = n
        put(f[5], best)
      }
      to = path[shelf[f[5]]] "/" f[4]
      print f[2] "\t" ENVIRON["source"] "/" f[3] "\t" to "\t" f[1] "  " to
    }
  }' "$work/room" "$work/there" "$work/todo" "$work/wanted" >"$work/orders"
if [ -s "$work/tight" ]; then
  IFS="$tab" read -r sstable bytes free shelf <"$work/tight"
  from=$(awk -F "$tab" -v of="$sstable" '$5 == of { print $3; exit }' "$work/todo")
  # blocks that are shared with the backup take no room
  if [ -z "$clone" ] || ! cp --reflink=always -P -- "$SOURCE/$from" "$work/cloned" 2>/dev/null; then
    die "$(no_room "$sstable" "$bytes" "$shelf" "$free")"
  fi
fi
cut -f 3 "$work/orders" | sed 's|/[^/]*$||' | sort -u | while IFS= read -r dir; do
  mkdir -p -- "$dir" || die "cannot make $dir"
done || exit 1
# a pipe would be waited for for ever
cut -f 2 "$work/orders" | while IFS= read -r from; do
  if [ -L "$from" ] || [ ! -f "$from" ]; then die "cannot copy $from: it is no file"; fi
done || exit 1
cut -f 1-3 "$work/orders" >"$work/list"
copy_files "$work/list" "$work/sums" || exit 1
cut -f 4 "$work/orders" | sort >"$work/want"
sort "$work/sums" >"$work/got"
bad=$(comm -23 "$work/want" "$work/got" | head -n 1)
[ -z "$bad" ] || die "the copy differs from the manifest: ${bad#*  } (corrupt backup, or disk)"

# directories: one per table on every shelf, named as the live table (which may not be there yet), and
# those of index files
printf '%s\n' "$DATA_DIRS" | while IFS="$tab" read -r label path place; do
  shelf=$place/$RESEED_RUN/stage/$label/$KEYSPACE.partial
  near=$(kin "$path/$KEYSPACE")
  dress "$near" "$shelf"
  cd "$shelf" || die "cannot enter $shelf"
  printf '%s\n' "$TABLES" | while IFS= read -r dir; do
    [ -n "$dir" ] || continue
    [ -d "$dir" ] || mkdir -- "$dir" || die "cannot make $shelf/$dir"
    dress "$(kin "$path/$KEYSPACE/$dir")" "$dir"
    for index in "$dir"/.[!.]*/; do
      if [ -d "$index" ]; then dress "$dir" "${index%/}"; fi
    done
  done || exit 1
  owner=$(stat -c %u:%g -- "$near")
  mode=$(stat -c %a -- "$near")
  find . -type f -exec chown "$owner" {} + || die "cannot set the owner"
  find . -type f -exec chmod "$mode" {} + || die "cannot set the mode"
  find . -type f -exec chmod a-x {} + || die "cannot set the mode"
  if [ -e /sys/fs/selinux/enforce ] && command -v chcon >/dev/null 2>&1; then chcon -R --reference="$near" . || die "cannot set the label"; fi
done || exit 1
copied=$(wc -l <"$work/todo")
rm -rf -- "$work"
sync
printf '%s\n' "$shelves" | while IFS= read -r shelf; do rename "$shelf" "${shelf%.partial}"; done || exit 1
sync
echo "$((copied)) copied now, hashed with $(hash_tool)"
