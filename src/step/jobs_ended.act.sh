# Ends what an earlier run still does here: nothing of it may act beside us. New jobs of it are kept
# out by the fence, since our lease has a higher epoch. RUNS: its id and those of its rollbacks.
# A job is told by the files of its directory (see job_supervise.sh): `pid` is its supervisor's
# number, start time and boot, `rc` is its end, `cancelled` keeps one from beginning.
this_boot=-
[ ! -r /proc/sys/kernel/random/boot_id ] || read -r this_boot </proc/sys/kernel/random/boot_id

# fields PID: p_state, p_group and p_start of a process; fails when there is none.
fields() {
  { read -r _line <"/proc/$1/stat"; } 2>/dev/null || return 1
  # shellcheck disable=SC2086 # the program's name may hold spaces: words count from behind its bracket
  set -- ${_line##*) }
  p_state=$1 p_group=$3 p_start=${20}
}

# lives DIR: whether the job runs, or anything of its process group; sets pid.
lives() {
  [ ! -f "$1/rc" ] && [ -s "$1/pid" ] || return 1
  read -r pid start boot <"$1/pid"
  [ "$boot" = "$this_boot" ] || return 1
  # the number was given anew, so the whole group is gone
  if fields "$pid" && [ "$p_start" != "$start" ]; then return 1; fi
  for _entry in /proc/[0-9]*; do
    fields "${_entry#/proc/}" && [ "$p_group" = "$pid" ] && [ "$p_state" != Z ] && return 0
  done
  return 1
}

jobs=$(printf '%s\n' "$RUNS" | while IFS= read -r run; do
  for dir in "$ROOT/$run"/*/; do
    dir=${dir%/}
    if [ ! -d "$dir" ] || [ -f "$dir/rc" ]; then continue; fi
    printf '' >"$dir/cancelled" || die "cannot write to $dir"
    printf '%s\n' "$dir"
  done
done) || exit 1

# a short one may come to its own end first; the rest is told to end, then made to
ended=0
waited=0
for signal in wait TERM KILL; do
  limit=$WAIT_S
  [ "$signal" = wait ] || limit=10
  waited=0
  while :; do
    left=$(printf '%s\n' "$jobs" | while IFS= read -r dir; do
      if [ -z "$dir" ] || ! lives "$dir"; then continue; fi
      if [ "$signal" != wait ] && [ "$waited" = 0 ]; then kill -s "$signal" -- "-$pid" 2>/dev/null || :; fi
      printf '%s\n' "${dir##*/}"
    done)
    if [ -z "$left" ] || [ "$waited" -ge "$limit" ]; then break; fi
    ended=$(printf '%s\n' "$left" | wc -l)
    waited=$((waited + 1))
    sleep 1
  done
done
[ -z "$left" ] || die "still runs and cannot be ended: $(printf '%s' "$left" | tr '\n' ' ')"
if [ "$ended" -eq 0 ]; then echo "nothing of it runs"; else echo "nothing of it runs any more"; fi
