# The tables' directories in DATA_DIRS, and whether each holds sstables of its own (a dropped table's
# holds snapshots at most): `keyspace<tab>directory<tab>yes|no`, one a line.
printf '%s\n' "$DATA_DIRS" | while IFS= read -r data; do
  for dir in "$data"/*/*-????????????????????????????????; do
    [ -d "$dir" ] || continue
    keyspace=${dir%/*}
    live=no
    for file in "$dir"/*-Data.db; do
      if [ -e "$file" ]; then live=yes; fi
      break
    done
    printf 'table=%s\t%s\t%s\n' "${keyspace##*/}" "${dir##*/}" "$live"
  done
done
