# What an earlier run (OF) set aside returns, by rename: DIRS of hints, and of the commit log where
# that run had not proven the drain; tables of `system` that send writes again. May run again: it
# moves what is still in quarantine.
no_cassandra
{ printf '%s\n' "$DIRS"; system_tables; } | while IFS="$tab" read -r label path place; do
  [ -n "$label" ] || continue
  [ -d "$path" ] || die "$path is not a directory"
  aside=$place/$OF/quarantine/$label
  for entry in "$aside"/* "$aside"/.[!.]*; do
    [ -e "$entry" ] || [ -L "$entry" ] || continue
    rename "$entry" "$path/${entry##*/}"
  done
done || exit 1
sync
