# $KEYSPACES: one a line. A keyspace of which every replica is here alone needs no repair and says
# so; the judgement over the output is made by who asked.
# $HOSTS: when machines are gone, those that are there. A repair that needs a dead replica fails, and
# -pr, whose ranges only their owner repairs, would leave those of the dead ones out.
# $ALL: those of them of which all ranges of this node are repaired, not only its primary ones. $PREVIEW: compares, changes nothing (4.0+).
# $LOG: what is compared is told by the log alone (before 4.0); it is summed up behind each repair.
# $FINAL: what differs is no matter of one attempt: before 4.0 the comparison cures what it finds, and the next one
# would find nothing. Once found, every later attempt tells of it; so it does of a comparison that was begun and not
# summed up (cancelled, or the machine went down): it may have found something and mixed it.
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

# begin_log KEYSPACE: follows the log, also while it is rotated, from here on to `end_log`.
begin_log() {
  rm -f "$RESEED_JOB/lines"
  mkfifo "$RESEED_JOB/lines" || die "cannot make a pipe in $RESEED_JOB"
  tail -n 0 -F "$LOG" >"$RESEED_JOB/lines" 2>/dev/null &
  follower=$!
  awk -v keyspace="$1" '
    !match($0, /\[repair #[0-9a-f-]+\]/) { next }
    { id = substr($0, RSTART, RLENGTH) }
    / new session: will sync / && (at = index($0, " for " keyspace ".[")) {
      own[id] = 1; sessions++
      wanted += split(substr($0, at), tables, ",")
    }
    !(id in own) { next }
    / is fully synced$/ { done++ }
    match($0, / have [0-9]+ range\(s\) out of sync for /) { differ[$NF] += substr($0, RSTART + 6) + 0 }
    END {
      for (table in differ) print "reseed: differ " table " " differ[table]
      print "reseed: compared " sessions + 0 " " wanted + 0 " " done + 0
    }' <"$RESEED_JOB/lines" >"$RESEED_JOB/sum" &
  summing=$!
}

# end_log: ends it, and prints the sum.
end_log() {
  # the last lines may be read a second later
  sleep 3
  kill "$follower"
  wait "$summing"
  cat "$RESEED_JOB/sum"
  [ -n "$FINAL" ] || return 0
  if grep '^reseed: differ ' "$RESEED_JOB/sum" >>"$differed"; then sync; fi
  # a sum without its last line was cut off
  ! grep -q '^reseed: compared ' "$RESEED_JOB/sum" || rm -f "$open"
}

# beside the jobs of all attempts
differed=${RESEED_JOB%.*}.differed open=${RESEED_JOB%.*}.open
if [ -n "$FINAL" ] && [ -s "$differed" ]; then
  die "the nodes differed when they were compared before, and that comparison mixed them: $(cat "$differed"); run: reseed rollback"
fi
if [ -n "$FINAL" ] && [ -e "$open" ]; then
  die "the comparison of $(cat "$open") was begun before and ended without a result: if the nodes differed, it mixed them; run: reseed rollback (or, if no line of $LOG and what it was rotated to says \`out of sync\` of it since: rm $open, and reseed resume)"
fi

set -- --full
for host in $HOSTS; do set -- "$@" -hosts "$host"; done
[ -z "$PREVIEW" ] || set -- "$@" --preview
printf '%s\n' "$KEYSPACES" | while IFS= read -r keyspace; do
  [ -n "$keyspace" ] || continue
  primary=
  if [ -z "$HOSTS" ] && ! printf '%s\n' "$ALL" | grep -q -F -x -- "$keyspace"; then primary=-pr; fi
  printf 'reseed: repair of %s\n' "$keyspace"
  if [ -n "$LOG" ] && [ -n "$FINAL" ]; then
    printf '%s\n' "$keyspace" >"$open" || die "cannot write $open"
    sync
  fi
  [ -z "$LOG" ] || begin_log "$keyspace"
  # shellcheck disable=SC2086 # nothing or one word
  nt repair $primary "$@" "$keyspace" </dev/null &
  repair=$! watcher=
  if [ "$STALL_S" -gt 0 ]; then watch_over "$repair" & watcher=$!; fi
  wait "$repair"
  rc=$?
  [ -z "$LOG" ] || end_log
  [ ! -e "$RESEED_JOB/stalled" ] || die "repair of $keyspace stood still: no word, no validation and no stream for $STALL_S s"
  [ -z "$watcher" ] || end_tree "$watcher"
  [ "$rc" = 0 ] || die "repair of $keyspace failed with exit code $rc"
done || exit 1
