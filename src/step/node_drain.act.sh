# A drain that fails may exit 0 (3.11+), and so does a second one after a half-done first; so the
# log is read from here on, and the mode is asked for.
if [ -f "$LOG" ]; then from=$(wc -c <"$LOG"); else die "cannot read Cassandra's log $LOG"; fi
nt drain || die "nodetool drain failed"
new=$(tail -c "+$((from + 1))" "$LOG")
# a log that was rotated meanwhile is read whole
[ "$(wc -c <"$LOG")" -ge "$from" ] || new=$(cat "$LOG")
bad=$(printf '%s\n' "$new" | grep -F -e 'Caught an exception while draining' \
  -e 'Caught exception while waiting for memtable flushes during shutdown hook' | head -n 1)
[ -z "$bad" ] || die "the drain failed, says $LOG: $bad"
