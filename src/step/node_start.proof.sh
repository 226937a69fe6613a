# The mode, of a node that serves clients. From 3.11 on a node logs that it takes the mode NORMAL, before it opens that
# port, and whatever it leaves it for: where Cassandra's own log tells it, of this node and since its last start, no JVM
# is asked. ADDRESSES: of this node in the ring, separated by spaces.
listening "$NATIVE_PORT" || die "port $NATIVE_PORT does not listen"
normal=
if [ -r "$LOG" ] && [ "$(log_kept "$LOG")" = yes ]; then
  at=$(last_start "$LOG" 0)
  [ -z "$at" ] || normal=$(tail -c "+$((at + 1))" "$LOG" | awk -v own="$ADDRESSES" '
    BEGIN { n = split(own, address, " "); for (i = 1; i <= n; i++) ours[address[i]] = 1 }
    !/ StorageService\.java:[0-9]+ - / { next }
    / - Node [^ ]* state jump to NORMAL$/ {
      node = $0; sub(/ state jump to NORMAL$/, "", node); sub(/.*[ \/]/, "", node)
      bare = node; sub(/:[0-9]+$/, "", bare); gsub(/[][]/, "", bare)
      if (node in ours || bare in ours) normal = $0
    }
    / - (STARTING|JOINING|LEAVING|MOVING|DRAINING|DRAINED|DECOMMISSIONED|JOINING_FAILED|DECOMMISSION_FAILED|MOVE_FAILED)(:|$)/ { normal = "" }
    END { print normal }')
fi
if [ -n "$normal" ]; then printf 'Mode: NORMAL\nreseed: its log says so: %s\n' "$normal"
else nt netstats
fi
