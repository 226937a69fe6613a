# $KEYSPACES: one a line. A keyspace of which every replica is here alone needs no repair and says
# so; the judgement over the output is made by who asked.
# $HOSTS: when machines are gone, those that are there. A repair that needs a dead replica fails, and
# -pr, whose ranges only their owner repairs, would leave those of the dead ones out.
# $STALL_S: how long a repair may stand still (0: for ever); 2.2 and 3.11 wait without end for a
# notification that was lost.

# end_tree PID: ends a process and all that it started, these first.
end_tree() {
  for _stat in /proc/[0-9]*/stat; do
    { read -r _line <"$_stat"; } 2>/dev/null || continue
    # shellcheck disable=SC2086 # the program's name may hold spaces: words count from behind its bracket
    set -- "$1" ${_line##*) }
    if [ "$3" = "$1" ]; then (end_tree "${_line%% *}"); fi
  done
  kill "$1" 2>/dev/null || as_user "$RUN_AS" kill "$1" 2>/dev/null
}

# at_work: what this node validates and streams, with how far it is. (Other lines of these commands
# change all the time, also on an idle node.)
at_work() {
  nt compactionstats </dev/null | grep -i validation
  nt netstats </dev/null | grep '[0-9] bytes'
}

# watch_over PID: ends a repair that has said nothing for $STALL_S seconds while nothing moved here.
watch_over() {
  nap=5
  [ "$STALL_S" -ge 50 ] || nap=1
  said='' moved='' still=0
  while sleep "$nap"; do
    now=$(wc -c <"$RESEED_JOB/out")
    if [ "$now" != "$said" ]; then said=$now moved='' still=0; continue; fi
    still=$((still + nap))
    [ "$still" -ge "$STALL_S" ] || continue
    now=$(at_work 2>/dev/null)
    if [ "$now" = "$moved" ]; then
      : >"$RESEED_JOB/stalled"
      end_tree "$1"
      return
    fi
    # large ranges say nothing for long: looked at again soon
    moved=$now still=$((STALL_S - STALL_S / 10 - nap))
  done
}

if [ -z "$HOSTS" ]; then set -- -pr --full
else
  set -- --full
  for host in $HOSTS; do set -- "$@" -hosts "$host"; done
fi
printf '%s\n' "$KEYSPACES" | while IFS= read -r keyspace; do
  [ -n "$keyspace" ] || continue
  printf 'reseed: repair of %s\n' "$keyspace"
  nt repair "$@" "$keyspace" </dev/null &
  repair=$! watcher=
  if [ "$STALL_S" -gt 0 ]; then watch_over "$repair" & watcher=$!; fi
  wait "$repair"
  rc=$?
  [ ! -e "$RESEED_JOB/stalled" ] || die "repair of $keyspace stood still: no word, no validation and no stream for $STALL_S s"
  [ -z "$watcher" ] || end_tree "$watcher"
  [ "$rc" = 0 ] || die "repair of $keyspace failed with exit code $rc"
done || exit 1
