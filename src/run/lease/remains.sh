# What runs have left on this host beside the lease: stage and quarantine of each, with bytes.
# Read-only. Gets ROOT. `left=RUN<tab>PATH<tab>BYTES`, one a line.
for list in "$ROOT"/*/places; do
  [ -f "$list" ] || continue
  run=${list%/places}
  run=${run##*/}
  while IFS= read -r place; do
    for kind in stage quarantine; do
      dir=$place/$run/$kind
      if [ -z "$place" ] || [ ! -d "$dir" ]; then continue; fi
      kib=$(du -sk -- "$dir" 2>/dev/null | cut -f 1)
      printf 'left=%s\t%s\t%.0f\n' "$run" "$dir" "$((${kib:-0} * 1024))"
    done
  done <"$list"
done
