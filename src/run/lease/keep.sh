# Keeps the lease alive, rewrites it or gives it back, if it is still ours. Gets ROOT, EPOCH, KEEP
# (beat, write or free), LEASE.
act() {
  case $KEEP in
    beat) beat ;;
    write) put lease "$LEASE" && beat ;;
    # The epoch stays: a coordinator that wakes up later must still be told from its successors.
    free) rm -f "$ROOT/lease" "$ROOT/beat" ;;
  esac || die "cannot write to $ROOT"
}
fenced act
