# Reads back every byte of the copy and compares with what was read from the snapshot.
for keyspace in $KEYSPACES; do
  cd "$PARTIAL/$keyspace" || die "cannot enter $PARTIAL/$keyspace"
  find . -type f | sed 's|^\./||' | sort | hash_list | sort >"../.work/$keyspace.copy"
  sort -o "../.work/$keyspace.source" "../.work/$keyspace.source"
  if ! cmp -s "../.work/$keyspace.source" "../.work/$keyspace.copy"; then
    bad=$(comm -3 "../.work/$keyspace.source" "../.work/$keyspace.copy" | awk '{ print $2 }' | sort -u | head -n 3 | tr '\n' ' ')
    die "the copy of $keyspace differs from the snapshot: $bad"
  fi
  # paths are JSON and shell words later; a name that is more than that is refused here
  odd=$(awk '{ print substr($0, 67) }' "../.work/$keyspace.copy" | grep -v -E '^[A-Za-z0-9_]+/(\.[A-Za-z0-9_-]+/)?[A-Za-z0-9_.+=-]+$' | head -n 1)
  [ -z "$odd" ] || die "unexpected file name in the snapshot: $keyspace/$odd"
done
