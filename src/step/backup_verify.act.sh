# Reads back every byte of the copy and compares with what was read from the snapshot. Follows copy.sh.
work=$PARTIAL/.work
gently
: >"$work/all"
for keyspace in $KEYSPACES; do
  cd "$PARTIAL/$keyspace" || die "cannot enter $PARTIAL/$keyspace"
  find . -type f -exec stat -c "%s$tab%n" {} + | sed "s|$tab\./|$tab|" | sort -k 2 >"$work/files"
  # paths are JSON and shell words later; a name that is more than that is refused here
  odd=$(cut -f 2 "$work/files" | grep -v -E '^[A-Za-z0-9_]+/(\.[A-Za-z0-9_-]+/)?[A-Za-z0-9_.+=-]+$' | head -n 1)
  [ -z "$odd" ] || die "unexpected file name in the snapshot: $keyspace/$odd"
  hash_files "$work/files" "$work/copied"
  sort "$work/copied" >"$work/$keyspace.copy"
  sort -o "$work/$keyspace.source" "$work/$keyspace.source"
  if ! cmp -s "$work/$keyspace.source" "$work/$keyspace.copy"; then
    bad=$(comm -3 "$work/$keyspace.source" "$work/$keyspace.copy" | awk '{ print $2 }' | sort -u | head -n 3 | tr '\n' ' ')
    die "the copy of $keyspace differs from the snapshot: $bad"
  fi
  cat "$work/files" >>"$work/all"
done
awk -v tool="$(hash_tool)" '{ n++; s += $1 } END { printf "%d files, %.0f bytes read back, sha256 by %s\n", n, s, tool }' "$work/all"
