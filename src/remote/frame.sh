# shellcheck shell=sh
# Runs $SCRIPT and marks where its answer begins and ends, so that what a login shell prints before
# or after is told from it. Set before: MARK, SCRIPT, RESEED_RUN, RESEED_SECRET (none exported);
# STREAMS, when what is left on stdin is for the script; THEN: what runs when it ended with 0, and answers for itself.
# The braces make the shell read all of this before it runs any: a transfer cut short runs nothing.
# Uptime comes through the read builtin: no process is made for it.
{
  RESEED_T0=0 RESEED_T1=0
  [ ! -r /proc/uptime ] || read -r RESEED_T0 _ </proc/uptime
  printf '\n%s begin\n' "$MARK"
  ( [ -n "$STREAMS" ] || exec </dev/null; eval "$SCRIPT" )
  RESEED_RC=$?
  [ ! -r /proc/uptime ] || read -r RESEED_T1 _ </proc/uptime
  if [ -n "$THEN" ] && [ "$RESEED_RC" = 0 ]; then
    printf '\n%s then %s %s %s\n' "$MARK" "$RESEED_RC" "$RESEED_T0" "$RESEED_T1"
    printf '\n%s then\n' "$MARK" >&2
    RESEED_T0=$RESEED_T1
    ( exec </dev/null; eval "$THEN" )
    RESEED_RC=$?
    [ ! -r /proc/uptime ] || read -r RESEED_T1 _ </proc/uptime
  fi
  printf '\n%s end %s %s %s\n' "$MARK" "$RESEED_RC" "$RESEED_T0" "$RESEED_T1"
}
