# shellcheck shell=sh
# Waits up to WAIT hundredths of a second for a job's end. Gets also SEEN (the progress that the
# asker knows). Comes behind job_look.sh.
# Prints: absent | claimed | running PROGRESS | lost WHY | refused TOKEN
#       | finished RC T0 T1 PROGRESS, then the end of its output (that of stderr: on stderr).
# Ends with 0 when the job did, else with 3.
progress=

# last NAME BYTES: the end of an output, which may have been cut while the job ran.
last() {
  if [ -e "$dir/$1.last" ]; then cat "$dir/$1.last" "$dir/$1" | tail -c "$2"
  elif [ -s "$dir/$1" ]; then tail -c "$2" "$dir/$1"
  fi
}

# nap: until it is worth another look. A job that this shell has started ends `wait` when it ends, and now and then
# as it ticks (see `watch`): that starts no process. (Should its watcher alone be killed, the call comes to its limit, and
# the next one finds the job and polls.) Any other job is looked at again and again: its end is noticed half a nap late, and
# each nap is a process. Whole seconds where sleep knows no others.
nap() {
  if [ -n "$child" ]; then
    ticked=
    wait "$child" || :
    # it has ended; but what it started may go on
    [ -n "$ticked" ] || child=
  elif [ "$waited" -lt 1000 ]; then sleep 0.1 2>/dev/null || sleep 1
  else sleep 0.2 2>/dev/null || sleep 1
  fi
  hundredths
  waited=$((now - began))
}

hundredths
began=$now waited=0 told=0
look
while [ "$waited" -lt "$WAIT" ]; do
  case $state in running | claimed) ;; *) break ;; esac
  nap
  if [ "$waited" -ge $((told + 80)) ] && [ -f "$dir/progress" ]; then
    told=$waited
    progress=$(tail -n 1 "$dir/progress")
    [ "$progress" = "$SEEN" ] || { look; break; }
  fi
  look
done
[ ! -f "$dir/progress" ] || progress=$(tail -n 1 "$dir/progress")

case $state in
  finished)
    read -r rc t0 t1 <"$dir/rc"
    printf 'finished %s %s %s %s\n' "$rc" "$t0" "$t1" "$progress"
    last out 1048576
    last err 65536 >&2
    [ "$rc" != 0 ] || exit 0
    ;;
  running) printf 'running %s\n' "$progress" ;;
  *) printf '%s\n' "$state" ;;
esac
exit 3
