# shellcheck shell=sh
# Ends a job and proves that it is gone. Gets ROOT, JOB, EPOCH, TOKEN, and in seconds GRACE (from
# TERM to KILL) and LAST (after KILL). Comes behind job_look.sh and job_fence.sh; job_wait.sh
# follows, and tells what became of it.
#
# The supervisor leads a process group, also in a systemd unit, and only that is signalled: what a
# job started on purpose to outlive it is in a session of its own (`start_command` of the prelude).

# First a mark: whoever looks later knows why it is lost, and a supervisor that has not begun does
# not begin. Where nothing is, the directory is claimed, for a launch may still be on its way.
mark() {
  if [ ! -d "$dir" ] && mkdir -p "$ROOT/$RESEED_RUN" && mkdir "$dir" 2>/dev/null; then
    printf '%s\n' "$TOKEN" >"$dir/token"
  fi
  look
  case $state in
    claimed | running) printf '' >"$dir/cancelled" || die "cannot write to $dir" ;;
    absent) die "cannot make $dir" ;;
  esac
}

# end SIGNAL SECONDS: signals the group and waits for its end.
end() {
  signal "$1" "$dir" || :
  hundredths
  deadline=$((now + $2 * 100))
  look
  while [ "$state" = running ] && [ "$now" -le "$deadline" ]; do
    sleep 0.1 2>/dev/null || sleep 1
    hundredths
    look
  done
}

fenced mark
look
if [ "$state" = running ]; then
  end TERM "$GRACE"
  [ "$state" != running ] || end KILL "$LAST"
fi
