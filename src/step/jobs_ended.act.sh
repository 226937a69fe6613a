# Ends what an earlier run still does here: nothing of it may act beside us. New jobs of it are kept
# out by the fence, since our lease has a higher epoch. RUNS: its id and those of its rollbacks.
# Comes behind job_lives.sh. In a job's directory `rc` is its end, `cancelled` keeps one from beginning.
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
for how in wait TERM KILL; do
  limit=$WAIT_S
  [ "$how" = wait ] || limit=10
  waited=0
  while :; do
    left=$(printf '%s\n' "$jobs" | while IFS= read -r dir; do
      if [ -z "$dir" ] || [ -f "$dir/rc" ] || ! lives "$dir"; then continue; fi
      if [ "$how" != wait ] && [ "$waited" = 0 ]; then signal "$how" "$dir" || :; fi
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
