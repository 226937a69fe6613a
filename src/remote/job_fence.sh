# shellcheck shell=sh
# The fence: nothing is started or cancelled but for the holder of the lease, whose epoch is EPOCH.
# ROOT/epoch is changed under the same lock, so what passed the fence began before the change.

# fenced COMMAND: runs it under the lock when our epoch is the host's; else says whose it is, and
# ends the script, with 3. No option -w: busybox has none. What outlives COMMAND must close descriptor 9,
# or it would hold the lock.
fenced() {
  command -v flock >/dev/null 2>&1 || die "this host has no flock (util-linux or busybox)"
  [ -d "$ROOT" ] || why=$(mkdir -p "$ROOT" 2>&1) || die "cannot make $ROOT: $why"
  {
    hundredths
    deadline=$((now + 3000))
    until flock -n 9; do
      hundredths
      [ "$now" -le "$deadline" ] || die "$ROOT/.fence is locked by another process for 30 s"
      sleep 0.1 2>/dev/null || sleep 1
    done
    # Only a missing file is no epoch: one that cannot be read fits nobody.
    held=0
    if [ -e "$ROOT/epoch" ]; then held=; read -r held <"$ROOT/epoch"; fi
    if [ "$held" != "$EPOCH" ]; then
      who=$(sed -n 's/^owner=//p' "$ROOT/lease" 2>/dev/null) run=$(sed -n 's/^run=//p' "$ROOT/lease" 2>/dev/null)
      printf 'fenced %s %s\n' "${held:-?}" "${who:-nobody}${run:+, run $run}"
      exit 3
    fi
    "$1"
  } 9>>"$ROOT/.fence" || exit 1
}
