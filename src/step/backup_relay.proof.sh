# Follows backup_shelf.sh. What arrived was hashed on its way; here, that all of it is on the shelves.
[ -e "$arrived" ] || die "not all of $KEYSPACE has arrived"
files=$(there | wc -l)
[ "$((files))" -eq "$COUNT" ] || die "$((files)) files have arrived instead of $COUNT"
echo "$((files)) files, every byte as in the manifest"
