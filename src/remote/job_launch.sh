# shellcheck shell=sh
# Starts a job once. mkdir claims it: whoever made the directory starts it, all others only look.
# Gets ROOT, JOB, EPOCH, TOKEN, ACT (the act's name), ACT_TEXT (its script), SUPERVISE. Comes
# behind job_look.sh, job_fence.sh and job_session.sh; job_wait.sh follows.

claim() { why=$(mkdir "$dir" 2>&1); }

# The token goes last, in one piece, and to the disk (by dd, which writes nothing here, but syncs; `sync FILE` is
# younger): a claim that a crash of the host undoes is none.
fill() {
  printf '%s' "$ACT_TEXT" >"$dir/script" &&
    printf '%s' "$SUPERVISE" >"$dir/supervise" &&
    printf '%s\n' "$ACT" >"$dir/name" &&
    printf '%s\n' "$TOKEN" >"$dir/token" &&
    { dd if=/dev/null of="$dir/token" conv=notrunc,fsync 2>/dev/null || :; }
}

# detached DIR RUN: the supervisor in a session of its own. All streams go elsewhere: one that is
# kept would keep the channel open, or the lock, until the end. Sets child where this shell can wait for it: it ticks for us, by
# a signal that nobody minds who did not ask for it. Whether it reaches us is tried first: what was ignored when this shell
# began stays ignored. ($$ would be the shell that this is a subshell of.)
detached() {
  if command -v setsid >/dev/null 2>&1; then
    ticked='' self=''
    trap 'ticked=yes' URG
    { read -r self _ </proc/self/stat; } 2>/dev/null && kill -s URG "$self"
    setsid sh "$1/supervise" "$@" "$self" </dev/null >"$1/log" 2>&1 9>&- &
    [ -z "$ticked" ] || child=$!
  else
    (
      trap '' HUP
      sh "$1/supervise" "$@" </dev/null >"$1/log" 2>&1 9>&- &
    )
  fi
}

# Claims and starts: the process is there before the fence can change.
start() {
  [ -d "$dir" ] || how
  if claim || { [ ! -d "$dir" ] && mkdir -p "$ROOT/$RESEED_RUN" && claim; }; then
    # Not started yet, so the claim may be taken back.
    fill || { rm -rf "$dir"; die "cannot write the job to $dir"; }
    "$starter" "$dir" "$RESEED_RUN" || { rm -rf "$dir"; die "systemd-run: $why"; }
  elif [ ! -d "$dir" ]; then
    die "cannot make $dir: $why"
  fi
}

fenced start
