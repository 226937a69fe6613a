final=$PLACE/$RESEED_RUN/stage/$KEYSPACE
[ -d "$final" ] || die "$final is not there"
files=$(find "$final" -type f | wc -l)
[ "$((files))" -eq "$COUNT" ] || die "$((files)) files are staged instead of $COUNT"
echo "$((files)) files, every byte as in the manifest"
