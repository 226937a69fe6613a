# Hints that were set aside are lost writes of every keyspace, not only of the restored ones; so is
# the commit log of a node that was not drained (a mark of `node.quiet`), when it was set aside.
if [ -n "$COMMITLOG" ] && [ -e "$COMMITLOG/$RESEED_RUN/undrained" ]; then
  segment=$(find "$COMMITLOG/$RESEED_RUN/quarantine/commitlog" -type f 2>/dev/null | head -n 1)
  [ -z "$segment" ] || die "the commit log of a node that was not drained was set aside"
fi
[ -z "$HINTS" ] && { echo "no hints directory"; exit 0; }
count=$(find "$PLACE/$RESEED_RUN/quarantine/hints" -name '*.hints' -type f 2>/dev/null | wc -l)
[ "$((count))" -eq 0 ] || die "$((count)) hint files were set aside"
echo "no hints were set aside"
