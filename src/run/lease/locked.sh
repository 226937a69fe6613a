# Does `act` under the lock of the lease, if the epoch is still EPOCH; else prints `fenced WHO`.
put() { printf '%s\n' "$2" >"$ROOT/.$1" && mv "$ROOT/.$1" "$ROOT/$1"; }
beat() {
  read -r boot </proc/sys/kernel/random/boot_id
  read -r now _ </proc/uptime
  put beat "$now $boot"
}
(
  flock -w 20 9 || die "$ROOT/.fence is locked"
  epoch=0
  [ ! -s "$ROOT/epoch" ] || read -r epoch <"$ROOT/epoch"
  if [ "$epoch" != "$EPOCH" ]; then
    who=$(sed -n 's/^owner=//p' "$ROOT/lease" 2>/dev/null)
    echo "fenced ${who:-nobody} (epoch $epoch)"
    exit 0
  fi
  act || die "cannot write to $ROOT"
) 9>"$ROOT/.fence"
