# shellcheck shell=sh
# Functions that tell a job's state from its files alone; what follows calls `look`.
# Gets ROOT, JOB, TOKEN. `look` sets state: absent | claimed | running | finished | lost WHY | refused TOKEN
dir=$ROOT/$RESEED_RUN/$JOB
this_boot=-
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
  elif [ ! -s "$dir/pid" ]; then
    # The supervisor looks for the mark once its number is in the file: it will not begin.
    if [ -f "$dir/cancelled" ]; then state='lost it was cancelled before it began'; else state=claimed; fi
  else
    read -r pid start boot <"$dir/pid"
    # A zombie is dead: where process 1 does not reap, they stay.
    if [ "$boot" = "$this_boot" ] && fields "$pid" && [ "$p_start" = "$start" ] && [ "$p_state" != Z ]; then
      state=running
    elif [ "$boot" = "$this_boot" ] && group_lives "$pid" "$start"; then state=running
    # It may have ended between the two looks.
    elif [ -f "$dir/rc" ]; then state=finished
    elif [ -f "$dir/cancelled" ]; then state='lost it was cancelled'
    elif [ "$boot" != "$this_boot" ]; then state='lost the host was restarted while it ran'
    else state='lost its process is gone and left no exit code'
    fi
  fi
}
