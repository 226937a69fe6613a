# Takes the lease, if the host still says what was looked at. Gets ROOT, EPOCH (as seen), NEXT, LEASE
# (the holder), IF_RUN (the run as seen). Prints `changed`, or what the fence prints, if it does not.
act() {
  run=
  [ ! -f "$ROOT/lease" ] || run=$(sed -n 's/^run=//p' "$ROOT/lease")
  if [ "$run" != "$IF_RUN" ]; then echo changed; return 0; fi
  # The epoch first: a crash in between leaves nobody who may act, never two.
  { put epoch "$NEXT" && put lease "$LEASE" && beat && sync; } || die "cannot write to $ROOT"
}
fenced act
