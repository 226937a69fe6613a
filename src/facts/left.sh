# What is left of earlier runs (RUNS) on a node. Read-only. PLACES: `label<tab>place`, one a line.
printf '%s\n' "$PLACES" | cut -f 2 | sort -u | while IFS= read -r place; do
  printf '%s\n' "$RUNS" | while IFS= read -r run; do
    for dir in "$place/$run" "$place/$run.discarded"; do
      [ ! -d "$dir" ] || printf 'bytes=%s\t%s\n' "$dir" "$(du -sk -- "$dir" | awk '{ printf "%.0f", $1 * 1024 }')"
    done
  done
done
printf '%s\n' "$PLACES" | while IFS="$tab" read -r label place; do
  printf '%s\n' "$RUNS" | while IFS= read -r run; do
    aside=$place/$run/quarantine/$label
    [ -d "$aside" ] || continue
    printf 'aside=%s\t%s\n' "$run" "$label"
    case $label in data-*) ;; *) continue ;; esac
    for table in "$aside"/*/*/; do
      table=${table%/}
      [ -d "$table" ] || continue
      printf 'aside=%s\t%s\n' "$run" "$label${table#"$aside"}"
      for foreign in snapshots backups; do
        [ -d "$table/$foreign" ] || continue
        file=$(find "$table/$foreign" ! -type d | head -n 1)
        [ -z "$file" ] || printf 'foreign=%s\n' "$table/$foreign"
      done
    done
  done
done
