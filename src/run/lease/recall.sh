# What this host keeps of a run: its jobs, then the head of its journal. Read-only. Gets ROOT, RUN.
for token in "$ROOT/$RUN"/*/token; do
  [ -s "$token" ] || continue
  job=${token%/token}
  echo "job=${job##*/}"
done
echo head
[ ! -f "$ROOT/$RUN/head.jsonl" ] || cat "$ROOT/$RUN/head.jsonl"
