# Every entry of commitlog, saved caches and hints (DIRS), and of the tables of `system` that send
# writes again, goes to quarantine, by rename. May run again: it moves whatever is still there.
no_cassandra
{ printf '%s\n' "$DIRS"; system_tables; } | while IFS="$tab" read -r label path place; do
  [ -d "$path" ] || die "$path is not a directory"
  aside=$place/$RESEED_RUN/quarantine/$label
  ours "$aside"
  for entry in "$path"/* "$path"/.[!.]*; do
    [ -e "$entry" ] || [ -L "$entry" ] || continue
    name=${entry##*/}
    # lost+found: of a filesystem's own
    case $name in .reseed | snapshots | backups | lost+found) continue ;; esac
    rename "$entry" "$aside/$name"
  done
done || exit 1
sync
