# Unfinished logged batches first: their replay may itself write hints.
nt replaybatchlog || die "nodetool replaybatchlog failed"
# Hints still in memory are flushed by the drain; what is on disk then goes to quarantine, so
# waiting here is a courtesy to other keyspaces, not a condition.
waited=0
while :; do
  left=$(find "$HINTS" -name '*.hints' -type f | wc -l)
  if [ "$left" -eq 0 ] || [ "$waited" -ge "$SETTLE_S" ]; then break; fi
  progress "$waited" "$SETTLE_S" s
  sleep 1
  waited=$((waited + 1))
done
echo "hints_left=$((left))"
