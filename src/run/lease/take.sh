# Takes the lease, if the host still says what was looked at. Gets ROOT, EPOCH, LEASE (the holder),
# IF_EPOCH and IF_RUN (what was seen). Prints `changed` and what is there when it differs.
command -v flock >/dev/null 2>&1 || die "there is no flock (util-linux)"
mkdir -p "$ROOT" || die "cannot make $ROOT"
put() { printf '%s\n' "$2" >"$ROOT/.$1" && mv "$ROOT/.$1" "$ROOT/$1"; }
(
  flock -w 20 9 || die "$ROOT/.fence is locked"
  epoch=0 run=
  [ ! -s "$ROOT/epoch" ] || read -r epoch <"$ROOT/epoch"
  [ ! -f "$ROOT/lease" ] || run=$(sed -n 's/^run=//p' "$ROOT/lease")
  if [ "$epoch" != "$IF_EPOCH" ] || [ "$run" != "$IF_RUN" ]; then
    echo changed
    echo "epoch=$epoch"
    [ ! -f "$ROOT/lease" ] || cat "$ROOT/lease"
    echo silent=0
    exit 0
  fi
  read -r boot </proc/sys/kernel/random/boot_id
  read -r now _ </proc/uptime
  # The epoch first: a crash in between leaves nobody who may act, never two.
  put epoch "$EPOCH" && put lease "$LEASE" && put beat "$now $boot" || die "cannot write to $ROOT"
) 9>"$ROOT/.fence" || exit 1
sync
