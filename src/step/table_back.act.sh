# For each table: live to our own quarantine, what an earlier run (OF) set aside to live, both by
# rename; then other people's snapshots/ and backups/ follow it. What live and the quarantines hold
# together tells how far that run came, and how far an earlier attempt of ours:
#   OF's  live  ours
#   no    yes   no    that run never took it, or it is back already
#   yes   yes   no    taken and replaced
#   yes   no    -     taken and not replaced (that run, or we, ended in between)
#   no    yes   yes   back; snapshots/ and backups/ may still have to follow
# ROLLBACKS: earlier ones, which may have ended before that last act. All else is not touched.
no_cassandra
printf '%s\n' "$TABLES" | while IFS= read -r dir; do
  [ -n "$dir" ] || continue
  printf '%s\n' "$DATA_DIRS" | while IFS="$tab" read -r label path place; do
    live=$path/$KEYSPACE/$dir
    old=$place/$OF/quarantine/$label/$KEYSPACE/$dir
    aside=$place/$RESEED_RUN/quarantine/$label/$KEYSPACE
    if [ -e "$old" ]; then
      if [ -e "$live" ]; then
        ours "$aside"
        rename "$live" "$aside/$dir"
      fi
      rename "$old" "$live"
    fi
    # FRESH: this node may never have made it
    if [ ! -d "$live" ]; then
      [ -n "$FRESH" ] || die "$live is gone, and not in the quarantine of run $OF either"
      continue
    fi
    printf '%s\n' "$ROLLBACKS" "$RESEED_RUN" | while IFS= read -r run; do
      [ -n "$run" ] || continue
      for foreign in snapshots backups; do
        from=$place/$run/quarantine/$label/$KEYSPACE/$dir/$foreign
        if [ -e "$from" ]; then rename "$from" "$live/$foreign"; fi
      done
    done || exit 1
  done || exit 1
done || exit 1
sync
