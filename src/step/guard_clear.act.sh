# Last act before the start. What was swapped must be on disk before the node may read it; the unit
# is freed last, so that no supervisor starts the node while the other guards go. cassandra.yaml is
# first: where that needs a person, everything still stands.
sync
if [ -n "$GUARD_CONF" ]; then
  kept=$GUARD_CONF.reseed-guard
  rm -f -- "$GUARD_CONF.reseed-new" || die "cannot remove $GUARD_CONF.reseed-new"
  ours=$(tail -n 1 -- "$GUARD_CONF" | grep '^reseed_run_in_progress:' || :)
  if [ ! -e "$kept" ]; then
    # cleared already, unless somebody removed what we kept
    ! grep -q '^reseed_run_in_progress:' "$GUARD_CONF" ||
      die "$GUARD_CONF has a guard, but its original $kept is gone: remove the line reseed_run_in_progress, then go on"
  elif cmp -s -- "$kept" "$GUARD_CONF"; then
    # never set completely, or put right by somebody
    rm -f -- "$kept" || die "cannot remove $kept"
  elif [ -n "$ours" ] && { cat -- "$kept" && printf '\n%s\n' "$ours"; } | cmp -s -- - "$GUARD_CONF"; then
    mv -f -- "$kept" "$GUARD_CONF" || die "cannot put $kept back"
  else
    die "$GUARD_CONF was edited since the guard was set: make it what it should be, without the line \
reseed_run_in_progress, remove $kept (the original), then go on"
  fi
fi
printf '%s\n' "$DATA_DIRS" | while IFS= read -r dir; do
  rm -f -- "$dir/$GUARD_FILE" || die "cannot remove $dir/$GUARD_FILE"
done || exit 1
sync
printf '%s\n' "$DATA_DIRS" | while IFS= read -r dir; do
  [ ! -e "$dir/$GUARD_FILE" ] || die "$dir/$GUARD_FILE is still there"
done || exit 1

if [ -n "$GUARD_UNIT" ]; then
  drop=$UNIT_DIR/$GUARD_UNIT.d
  rm -f -- "$drop/$GUARD_DROP" "$drop/$GUARD_DROP.new" || die "cannot remove $drop/$GUARD_DROP"
  rmdir -- "$drop" 2>/dev/null || :
  systemctl daemon-reload || die "systemctl daemon-reload failed"
  # attempts while the guard stood count for the start limit too; nothing to forget is no failure
  systemctl reset-failed "$GUARD_UNIT" 2>/dev/null || :
  sync
fi
echo "removed"
