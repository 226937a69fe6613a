# Makes the node ready to be stopped: what is in memory goes to tables, as far as that goes. When it
# does not go, the file `undrained` in our place says so: `others.repair` looks for it.
undrained() {
  ours "$PLACE/$RESEED_RUN"
  printf '%s\n' "$*" >"$PLACE/$RESEED_RUN/undrained" || die "cannot write to $PLACE/$RESEED_RUN"
  sync
  echo "not drained: $*"
  exit 0
}
# one that is starting cannot be drained yet, and may open its port when nobody looks any more
waited=0
while :; do
  [ -n "$(cassandra_pids)" ] || undrained "Cassandra does not run"
  mode=$(nt netstats 2>/dev/null | sed -n 's/^Mode: *//p')
  case $mode in
    DRAINED) echo "drained already"; exit 0 ;;
    NORMAL) break ;;
  esac
  [ "$waited" -lt "$WAIT_S" ] || undrained "its mode is ${mode:-not known}"
  waited=$((waited + 2))
  sleep 2
done
# unfinished logged batches would be replayed into the old tables
nt replaybatchlog || echo "the batch log could not be replayed" >&2
from=$(wc -c <"$LOG") || die "cannot read Cassandra's log $LOG"
nt drain || undrained "nodetool drain failed"
# from 3.11 on a drain that fails exits 0 and only logs it
why=$(log_since "$LOG" "$from" | grep -E 'ERROR|Exception|FSWriteError|No space left' | head -n 1)
[ -z "$why" ] || undrained "$why"
echo "drained"
