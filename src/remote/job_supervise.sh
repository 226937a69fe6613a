# shellcheck shell=sh
# Runs a job's script and keeps how it ended. Started detached: sh supervise DIR RUN [PID of a shell that waits].
#
# The script appends to plain files, and a watcher of ours cuts these in place when they grow
# (`trim`): of each, the first part (NAME.first) and the last (NAME.last, then NAME) stay. So the
# disk holds at most that and what a script can print within one nap. Rejected, though they would
# cap more exactly: a pipe to `head`/`tail` (ends the script by SIGPIPE or loses the end, and
# waits for every child that holds the pipe); a pipe to a reader of our own (keeps a killed job's
# group alive as long as a daemon holds the pipe, and takes that daemon along when it is killed);
# `ulimit -f` (counts for what the job copies, too).
# shellcheck disable=SC2034 # all three are for the script
RESEED_JOB=$1 RESEED_RUN=$2 RESEED_PROGRESS=$1/progress
waiter=${3-}
umask 077
cd / || exit 1

# trim NAME BYTES: cuts an output of more than twice BYTES; fails when there is nothing to cut.
trim() {
  file=$RESEED_JOB/$1
  [ "$(wc -c <"$file")" -gt $((2 * $2)) ] || return 1
  [ -e "$file.first" ] || head -c 65536 "$file" >"$file.first"
  # What is written between the copy and the cut is lost: so again, when it grew meanwhile.
  for _ in 1 2 3; do
    size=$(wc -c <"$file")
    tail -c "$2" "$file" >"$file.new"
    [ "$(wc -c <"$file")" != "$size" ] || break
  done
  mv "$file.new" "$file.last"
  printf '' >"$file"
}

# Ends with the supervisor; a zombie is dead. The nap comes first: most jobs are over by then. After each, whoever waits
# for the job is woken, to look at its progress and at the time, until it is gone. (A number that is given anew within one
# nap gets a signal that it does not mind.)
watch() {
  nap=0.5
  while sleep "$nap" 2>/dev/null || sleep 1; read -r line </proc/$$/stat; do
    case ${line##*) } in Z*) return ;; esac
    [ -z "$waiter" ] || kill -s URG "$waiter" 2>/dev/null || waiter=
    nap=0.5
    ! trim out 1048576 || nap=0.1
    ! trim err 65536 || nap=0.1
  done
}

# A number is a process only together with its start time and the boot.
start_of() {
  read -r line <"/proc/$1/stat" || return
  # The program's name may hold spaces: count from behind its bracket. Field 22 is the 20th then.
  # shellcheck disable=SC2086
  set -- ${line##*) }
  start=${20}
}
start=- boot=- t0=0 t1=0
read -r boot </proc/sys/kernel/random/boot_id
start_of $$
# Not `:`, with which a failed redirection ends the shell.
printf '' >"$RESEED_JOB/out" && printf '' >"$RESEED_JOB/err" || exit 1
# The end's place on the disk is taken now: a disk that is full by then does not cost the exit code.
printf '%63s\n' '' >"$RESEED_JOB/rc.new" || exit 1
# One write: who looks sees all of it or an empty file.
printf '%s\n' "$$ $start $boot" >"$RESEED_JOB/pid" || exit 1
# Whoever cancels leaves the mark first and then looks for our number: one of us sees the other.
if [ -e "$RESEED_JOB/cancelled" ]; then rm -f "$RESEED_JOB/pid"; exit 1; fi

set --
watch >/dev/null 2>&1 &
watcher=$!
read -r t0 _ </proc/uptime
# shellcheck disable=SC1091
( . "$RESEED_JOB/script" ) </dev/null >>"$RESEED_JOB/out" 2>>"$RESEED_JOB/err"
rc=$?
read -r t1 _ </proc/uptime
kill "$watcher" 2>/dev/null
# A failure while it is being cancelled is the cancellation's, not the script's.
if [ "$rc" != 0 ] && [ -e "$RESEED_JOB/cancelled" ]; then exit 1; fi

# The exit code is there whole or not at all, also after a crash of the host. Written over what is
# there already, and tried for as long as it takes: nobody else knows it.
finish() {
  printf '%-63s\n' "$rc $t0 $t1" 1<>"$RESEED_JOB/rc.new" &&
    { dd if=/dev/null of="$RESEED_JOB/rc.new" conv=notrunc,fsync 2>/dev/null || :; } &&
    mv "$RESEED_JOB/rc.new" "$RESEED_JOB/rc"
}
until finish || [ ! -d "$RESEED_JOB" ]; do sleep 1; done
