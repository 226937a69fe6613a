# Prints what Cassandra logged meanwhile, above INFO: a drain that fails may exit 0 (3.11+), and so
# does a second one after a half-done first; the judgement is made by who asked.
[ -f "$LOG" ] || die "cannot read Cassandra's log $LOG"
from=$(wc -c <"$LOG")
nt drain || die "nodetool drain failed"
log_since "$LOG" "$from"
