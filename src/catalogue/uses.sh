# Which runs have something left on this host (a stage, a quarantine), with the head of each one's journal,
# which tells its backup. Gets ROOT, where leases and jobs are. `head=RUN<tab>BASE64`, one a line.
for list in "$ROOT"/*/places; do
  [ -f "$list" ] || continue
  run=${list%/places}
  run=${run##*/}
  left=$(while IFS= read -r place; do
    if [ -n "$place" ] && [ -e "$place/$run" ]; then echo yes; fi
  done <"$list")
  if [ -n "$left" ]; then printf 'head=%s\t%s\n' "$run" "$(head -n 1 "$ROOT/$run/head.jsonl" 2>/dev/null | base64 | tr -d '\n')"; fi
done
