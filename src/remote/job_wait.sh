# shellcheck shell=sh
# Waits up to WAIT hundredths of a second for a job's end. Gets also SEEN (the progress that the
# asker knows). Comes behind job_look.sh.
# Prints: absent | claimed | running PROGRESS | lost WHY | refused TOKEN
#       | finished RC T0 T1 PROGRESS, then the end of its output (that of stderr: on stderr).
progress=

# last NAME BYTES: the end of an output, which may have been cut while the job ran.
last() {
  if [ -e "$dir/$1.last" ]; then cat "$dir/$1.last" "$dir/$1" | tail -c "$2"
  elif [ -s "$dir/$1" ]; then tail -c "$2" "$dir/$1"
  fi
}

# Short naps first, so that a short job costs little; longer ones soon: each is a process, and hundreds of
# hosts that start together may share processors. Whole seconds where sleep knows no others.
waited=0 naps=0
# asked again, it is a long one
[ -z "$SEEN" ] || naps=2
look
while [ "$waited" -lt "$WAIT" ]; do
  case $state in running | claimed) ;; *) break ;; esac
  case $naps in
    0) nap=0.03 step=3 ;;
    1) nap=0.06 step=6 ;;
    # the end is noticed half a nap late, which counts for operators who wait for an outage's end
    *) if [ "$waited" -lt 1000 ]; then nap=0.1 step=10; else nap=0.2 step=20; fi ;;
  esac
  sleep "$nap" 2>/dev/null || { sleep 1; step=100; }
  naps=$((naps + 1)) waited=$((waited + step))
  look
  if [ "$waited" -ge 100 ] && [ $((naps % 4)) = 0 ] && [ -f "$dir/progress" ]; then
    progress=$(tail -n 1 "$dir/progress")
    [ "$progress" = "$SEEN" ] || break
  fi
done
[ ! -f "$dir/progress" ] || progress=$(tail -n 1 "$dir/progress")

case $state in
  finished)
    read -r rc t0 t1 <"$dir/rc"
    printf 'finished %s %s %s %s\n' "$rc" "$t0" "$t1" "$progress"
    last out 1048576
    last err 65536 >&2
    ;;
  running) printf 'running %s\n' "$progress" ;;
  *) printf '%s\n' "$state" ;;
esac
