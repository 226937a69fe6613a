# What launching and starting share: Cassandra is started, and waited for without a JVM.
# START, RUN_AS, LOG, GUARD_UNIT, READY_TICKS (fifths of a second).
# The log's length before the start is kept beside the jobs of all attempts.
mark=${RESEED_JOB%.*}.log-from
started=
start() {
  if [ -f "$LOG" ]; then wc -c <"$LOG" >"$mark"; else echo 0 >"$mark"; fi
  # a supervisor that tried too often meanwhile does not refuse this one
  [ -z "$GUARD_UNIT" ] || systemctl reset-failed "$GUARD_UNIT" 2>/dev/null || :
  started=yes
  start_command "$START" || :
}
# what the last start logged: a supervisor may have tried before, against the guard
logged() {
  from=$(cat "$mark" 2>/dev/null || echo 0)
  [ "$(wc -c <"$LOG")" -ge "$from" ] || from=0
  at=$(last_start "$LOG" "$from")
  log_since "$LOG" "${at:-$from}"
}
# up_to PORTS: starts Cassandra unless it runs, and waits until it listens on one of these or has gone
# again. The start command is not asked for its opinion: init scripts say OK to anything.
up_to() {
  if [ -z "$(cassandra_pids)" ]; then start; fi
  up=0
  seen=
  gone=0
  while [ "$up" -lt "$READY_TICKS" ]; do
    for port in $1; do
      if listening "$port"; then return; fi
    done
    if [ $((up % 5)) -eq 4 ]; then
      if [ -n "$(cassandra_pids)" ]; then seen=yes; gone=0; else gone=$((gone + 1)); fi
      # once seen: gone twice in a row; never seen: ten seconds are enough for a JVM to appear
      if { [ -n "$seen" ] && [ "$gone" -ge 2 ]; } || [ "$gone" -ge 10 ]; then
        if [ -z "$started" ]; then
          # what ran when we came had been started by somebody else, perhaps against the guard
          seen=
          gone=0
          start
        else
          logged | tail -n 15 >&2
          tail -n 5 "$RESEED_JOB/start.out" >&2 2>/dev/null
          why=$(logged | grep -E '^(ERROR|FATAL)|Exception|unreadable' | head -n 1)
          die "Cassandra exited during its start: ${why:-see $LOG}"
        fi
      fi
    fi
    up=$((up + 1))
    progress $((up / 5)) $((READY_TICKS / 5)) s
    sleep 0.2 2>/dev/null || { sleep 1; up=$((up + 4)); }
  done
  die "Cassandra did not listen on port $1 in time; see $LOG"
}
