# shellcheck shell=sh
# Runs a job's script and keeps how it ended. Started detached: sh supervise DIR RUN.
# shellcheck disable=SC2034 # all three are for the script
RESEED_JOB=$1 RESEED_RUN=$2 RESEED_PROGRESS=$1/progress
umask 077
cd / || exit 1

# put NAME TEXT: the file is there whole or not at all, also after a crash of the host.
put() {
  printf '%s\n' "$2" | dd of="$RESEED_JOB/$1.new" conv=fsync 2>/dev/null || printf '%s\n' "$2" >"$RESEED_JOB/$1.new"
  mv "$RESEED_JOB/$1.new" "$RESEED_JOB/$1"
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
# One write: who looks sees all of it or an empty file.
printf '%s\n' "$$ $start $boot" >"$RESEED_JOB/pid" || exit 1

set --
read -r t0 _ </proc/uptime
# shellcheck disable=SC1091
( . "$RESEED_JOB/script" ) </dev/null >"$RESEED_JOB/out" 2>"$RESEED_JOB/err"
rc=$?
read -r t1 _ </proc/uptime
put rc "$rc $t0 $t1"
