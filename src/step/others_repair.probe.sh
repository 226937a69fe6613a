# Hints that were set aside are lost writes of every keyspace, not only of the restored ones.
[ -z "$HINTS" ] && { echo "no hints directory"; exit 0; }
count=$(find "$PLACE/$RESEED_RUN/quarantine/hints" -name '*.hints' -type f 2>/dev/null | wc -l)
[ "$((count))" -eq 0 ] || die "$((count)) hint files were set aside"
echo "no hints were set aside"
