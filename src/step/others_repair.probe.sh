# Hints that were set aside are lost writes of every keyspace, not only of the restored ones; so is
# the commit log of a node that was not drained (a mark of `node.quiet`), when it was set aside.
# PLACES: where quarantines may be.
if [ -n "$COMMITLOG" ] && [ -e "$COMMITLOG/$RESEED_RUN/undrained" ]; then
  segment=$(find "$COMMITLOG/$RESEED_RUN/quarantine/commitlog" -type f 2>/dev/null | head -n 1)
  [ -z "$segment" ] || die "the commit log of a node that was not drained was set aside"
fi
# in 2.2 hints and logged batches are tables
count=$(printf '%s\n' "$PLACES" | while IFS= read -r place; do
  aside=$place/$RESEED_RUN/quarantine
  find "$aside/hints" -name '*.hints' -type f 2>/dev/null
  find "$aside"/*/system/hints-* "$aside"/*/system/batchlog-* -name '*-Data.db' -type f 2>/dev/null
done | wc -l)
[ "$((count))" -eq 0 ] || die "$((count)) files of hints were set aside"
echo "no hints were set aside"
