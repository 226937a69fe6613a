# Notes that the run may change things from now on, and keeps what a coordinator elsewhere would need
# to go on with it. Gets ROOT, EPOCH, RUN, LEASE, HEAD (the head of the journal), PLACES, NAME (of this host in the
# inventory). A machine may be several of its hosts, and a run commits again when it is resumed: so what is there stays.
also() { { [ ! -f "$1" ] || cat "$1"; printf '%s\n' "$2"; } | sort -u | sed '/^$/d' >"$1.new" && mv "$1.new" "$1"; }
keep() {
  mkdir -p "$ROOT/$RUN" && printf '%s' "$HEAD" >"$ROOT/$RUN/.head" &&
    mv "$ROOT/$RUN/.head" "$ROOT/$RUN/head.jsonl" && also "$ROOT/$RUN/places" "$PLACES" && also "$ROOT/$RUN/names" "$NAME" &&
    put lease "$LEASE" && beat && sync
}
act() { keep || die "cannot write to $ROOT"; }
fenced act
