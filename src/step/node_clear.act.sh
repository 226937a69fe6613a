# Every entry of commitlog, saved caches and hints goes to quarantine, by rename. May run again:
# it moves whatever is still there.
no_cassandra
printf '%s\n' "$DIRS" | while IFS="$tab" read -r label path place; do
  [ -d "$path" ] || die "$path is not a directory"
  aside=$place/$RESEED_RUN/quarantine/$label
  ours "$aside"
  for entry in "$path"/* "$path"/.[!.]*; do
    [ -e "$entry" ] || [ -L "$entry" ] || continue
    name=${entry##*/}
    [ "$name" != .reseed ] || continue
    rename "$entry" "$aside/$name"
  done
done || exit 1
sync
