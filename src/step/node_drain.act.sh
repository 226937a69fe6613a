# Prints what Cassandra logged meanwhile, above INFO: a drain that fails may exit 0 (3.11+), and so
# does a second one after a half-done first; the judgement is made by who asked.
# GOSSIP_FIRST: it stops gossiping before, so that no message waits for a peer that drains at the same time.
[ -f "$LOG" ] || die "cannot read Cassandra's log $LOG"
from=$(wc -c <"$LOG")
# a drain does it, too: when it fails here, that takes longer
[ -z "$GOSSIP_FIRST" ] || nt disablegossip || :
nt drain || die "nodetool drain failed"
log_since "$LOG" "$from"
