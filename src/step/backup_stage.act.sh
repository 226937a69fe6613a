# Copies one keyspace of the backup beside the data, with the owner and mode of live data, and
# hashes every byte of the copy. Cassandra serves meanwhile. A stage that is complete has its final
# name; an unfinished one is made anew.
stage=$PLACE/$RESEED_RUN/stage
final=$stage/$KEYSPACE
partial=$stage/$KEYSPACE.partial
[ ! -e "$final" ] || rm -rf -- "$final"
rm -rf -- "$partial"
ours "$partial"
[ -d "$SOURCE" ] || [ -z "$FILES" ] || die "the backup $SOURCE is not there"

# directories: one per table, named as the live table (which may not be there yet); and those of
# index files
printf '%s\n' "$TABLES" | while IFS="$tab" read -r table dir; do
  [ -n "$table" ] || continue
  like "$(kin "$LIVE/$dir")" "$partial/$dir"
done || exit 1
cd "$partial" || die "cannot enter $partial"

total=$(printf '%s\n' "$FILES" | awk '{ s += $2 } END { printf "%.0f", s }')
done=0
reflink=
if cp --reflink=auto /dev/null "$stage/.probe" 2>/dev/null; then reflink=--reflink=auto; fi
rm -f "$stage/.probe"
printf '%s\n' "$FILES" | while IFS="$tab" read -r _ size from to; do
  [ -n "$from" ] || continue
  case ${to#*/} in */*) [ -d "${to%/*}" ] || like "${to%%/*}" "${to%/*}" ;; esac
  # a pipe would be waited for for ever
  if [ -L "$SOURCE/$from" ] || [ ! -f "$SOURCE/$from" ]; then die "cannot copy $SOURCE/$from: it is no file"; fi
  # shellcheck disable=SC2086 # empty or one word
  cp $reflink -- "$SOURCE/$from" "$to" || die "cannot copy $SOURCE/$from"
  done=$((done + size))
  progress "$done" "$total" bytes
done || exit 1

# every byte of the copy against the manifest
printf '%s\n' "$FILES" | awk -F "$tab" 'NF { print $1 "  " $4 }' | sort >"$stage/.want"
find . -type f | sed 's|^\./||' | sort | hash_list | sort >"$stage/.got"
if ! cmp -s "$stage/.want" "$stage/.got"; then
  bad=$(comm -3 "$stage/.want" "$stage/.got" | awk '{ print $2 }' | sort -u | head -n 3 | tr '\n' ' ')
  die "the copy differs from the manifest: ${bad}(corrupt backup, or disk)"
fi
near=$(kin "$LIVE")
owner=$(stat -c %u:%g -- "$near")
mode=$(stat -c %a -- "$near")
find . -type f -exec chown "$owner" {} + || die "cannot set the owner"
find . -type f -exec chmod "$mode" {} + || die "cannot set the mode"
find . -type f -exec chmod a-x {} + || die "cannot set the mode"
if [ -e /sys/fs/selinux/enforce ] && command -v chcon >/dev/null 2>&1; then chcon -R --reference="$near" . || die "cannot set the label"; fi
rm -f "$stage/.want" "$stage/.got"
sync
rename "$partial" "$final"
sync
