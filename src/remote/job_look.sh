# shellcheck shell=sh
# Tells a job's state from its files alone; what follows calls `look`. Comes behind job_lives.sh.
# Gets ROOT, JOB, TOKEN. `look` sets state: absent | claimed | running | finished | lost WHY | refused TOKEN
dir=$ROOT/$RESEED_RUN/$JOB
# its supervisor, when this very shell has started it and can be woken by it
child=

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
  elif lives "$dir"; then state=running
  # It may have ended between the two looks.
  elif [ -f "$dir/rc" ]; then state=finished
  elif [ -f "$dir/cancelled" ]; then state='lost it was cancelled'
  elif [ "$boot" != "$this_boot" ]; then state='lost the host was restarted while it ran'
  else state='lost its process is gone and left no exit code'
  fi
}
