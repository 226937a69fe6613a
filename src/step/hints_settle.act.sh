# Unfinished logged batches first: their replay may itself write hints.
[ -z "$HINTS" ] || nt replaybatchlog || die "nodetool replaybatchlog failed"

# left: how many files of hints there are; before 3.0 (no HINTS) hints are a table, of which what is
# still in memory counts as one more.
left() {
  if [ -n "$HINTS" ]; then find "$HINTS/" -name '*.hints' -type f | wc -l
  else
    nt cfstats system.hints | awk -F ': ' '
      /SSTable count/ { n += $2; seen++ }
      /Memtable cell count/ { n += $2 > 0; seen++ }
      END { if (seen != 2) exit 1; print n }'
  fi
}

# Hints still in memory are flushed by the drain; what is on disk then goes to quarantine, so
# waiting here is a courtesy to other keyspaces, not a condition.
nap=1
[ -n "$HINTS" ] || nap=5
waited=0
while :; do
  left=$(left) || die "cannot tell how many hints are left"
  if [ "$left" -eq 0 ] || [ "$waited" -ge "$SETTLE_S" ]; then break; fi
  progress "$waited" "$SETTLE_S" s
  sleep "$nap"
  waited=$((waited + nap))
done
echo "hints_left=$((left))"
