# shellcheck shell=sh
# Tells a job's state from its files alone, and waits up to WAIT hundredths of a second for its end.
# Gets ROOT, JOB, TOKEN, WAIT, SEEN (the progress that the asker knows).
# Prints: absent | claimed | running PROGRESS | lost WHY | refused TOKEN
#       | finished RC T0 T1 PROGRESS, then the end of its output (that of stderr: on stderr).
dir=$ROOT/$RESEED_RUN/$JOB
this_boot=- progress=
read -r this_boot </proc/sys/kernel/random/boot_id

# fields PID: p_state, p_group and p_start of a process; fails when there is none.
fields() {
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
  # shellcheck disable=SC2086 # words are what we want
  set -- ${line##*) }
  p_state=$1 p_group=$3 p_start=${20}
}

# Whether a process of the group that the supervisor led lives: what it started, after its death.
group_lives() {
  # The number was given anew, so the whole group is gone.
  if fields "$1" && [ "$p_start" != "$2" ]; then return 1; fi
  for entry in /proc/[0-9]*; do
    fields "${entry#/proc/}" && [ "$p_group" = "$1" ] && [ "$p_state" != Z ] && return 0
  done
  return 1
}

look() {
  if [ -s "$dir/token" ]; then
    read -r found <"$dir/token"
    if [ "$found" != "$TOKEN" ]; then state="refused $found"; return; fi
  fi
  if [ -f "$dir/rc" ]; then state=finished
  elif [ ! -d "$dir" ]; then state=absent
  elif [ ! -s "$dir/pid" ]; then state=claimed
  else
    read -r pid start boot <"$dir/pid"
    if [ "$boot" != "$this_boot" ]; then state='lost the host was restarted while it ran'
    # A zombie is dead: where process 1 does not reap, they stay.
    elif fields "$pid" && [ "$p_start" = "$start" ] && [ "$p_state" != Z ]; then state=running
    elif group_lives "$pid" "$start"; then state=running
    # It may have ended between the two looks.
    elif [ -f "$dir/rc" ]; then state=finished
    else state='lost its process is gone and left no exit code'
    fi
  fi
}

# Short naps first, so that a short job costs little; whole seconds where sleep knows no others.
waited=0 naps=0
look
while [ "$waited" -lt "$WAIT" ]; do
  case $state in running | claimed) ;; *) break ;; esac
  if [ "$naps" -lt 20 ]; then nap=0.01 step=1
  elif [ "$waited" -lt 300 ]; then nap=0.1 step=10
  else nap=0.5 step=50
  fi
  sleep "$nap" 2>/dev/null || { sleep 1; step=100; }
  naps=$((naps + 1)) waited=$((waited + step))
  look
  if [ "$waited" -ge 100 ] && [ -f "$dir/progress" ]; then
    progress=$(tail -n 1 "$dir/progress")
    [ "$progress" = "$SEEN" ] || break
  fi
done
[ ! -f "$dir/progress" ] || progress=$(tail -n 1 "$dir/progress")

case $state in
  finished)
    read -r rc t0 t1 <"$dir/rc"
    printf 'finished %s %s %s %s\n' "$rc" "$t0" "$t1" "$progress"
    [ ! -s "$dir/out" ] || tail -c 1048576 "$dir/out"
    [ ! -s "$dir/err" ] || tail -c 65536 "$dir/err" >&2
    ;;
  running) printf 'running %s\n' "$progress" ;;
  *) printf '%s\n' "$state" ;;
esac
