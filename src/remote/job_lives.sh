# shellcheck shell=sh
# Functions that tell from its directory whether a job lives; for all scripts that ask.
this_boot=-
[ ! -r /proc/sys/kernel/random/boot_id ] || read -r this_boot </proc/sys/kernel/random/boot_id

# fields PID: p_state, p_group and p_start of a process; fails when there is none.
fields() {
  { read -r _line <"/proc/$1/stat"; } 2>/dev/null || return 1
  # shellcheck disable=SC2086 # the program's name may hold spaces: words count from behind its bracket
  set -- ${_line##*) }
  p_state=$1 p_group=$3 p_start=${20}
}

# lives DIR: whether the job's supervisor runs, or anything of the process group that it led. Sets
# pid, start and boot, as DIR/pid has them.
lives() {
  pid='' start='' boot=''
  [ -s "$1/pid" ] || return 1
  read -r pid start boot <"$1/pid"
  [ "$boot" = "$this_boot" ] || return 1
  if fields "$pid"; then
    # The number was given anew, so the whole group is gone.
    [ "$p_start" = "$start" ] || return 1
    # A zombie is dead: where process 1 does not reap, they stay.
    [ "$p_state" = Z ] || return 0
  fi
  for _entry in /proc/[0-9]*; do
    fields "${_entry#/proc/}" && [ "$p_group" = "$pid" ] && [ "$p_state" != Z ] && return 0
  done
  return 1
}

# signal NAME DIR: sends it to the group of a job that lives, if that is the job's own: its leader is
# there and began when the file says; or, when only the rest is left, one of that has a file of the
# job open. A number that was given anew is not signalled.
signal() {
  lives "$2" || return 0
  if ! fields "$pid"; then
    for _entry in /proc/[0-9]*; do
      if ! fields "${_entry#/proc/}" || [ "$p_group" != "$pid" ]; then continue; fi
      # shellcheck disable=SC2010 # where the links lead to is what we look for
      if ls -l "$_entry/fd" 2>/dev/null | grep -q -F " $2/"; then _own=$pid; break; fi
    done
    [ "${_own-}" = "$pid" ] || return 1
  fi
  kill -s "$1" -- "-$pid" 2>/dev/null
}
