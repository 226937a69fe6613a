# Notes that the run may change things from now on, and keeps what a coordinator elsewhere would need
# to go on with it. Gets ROOT, EPOCH, RUN, LEASE, HEAD (the head of the journal), PLACES.
keep() {
  mkdir -p "$ROOT/$RUN" && printf '%s' "$HEAD" >"$ROOT/$RUN/.head" &&
    mv "$ROOT/$RUN/.head" "$ROOT/$RUN/head.jsonl" && printf '%s\n' "$PLACES" >"$ROOT/$RUN/places" &&
    put lease "$LEASE" && beat && sync
}
act() { keep || die "cannot write to $ROOT"; }
fenced act
