# Whether every guard is in force. Reads only.
printf '%s\n' "$DATA_DIRS" | while IFS= read -r dir; do
  [ -s "$dir/$GUARD_FILE" ] || die "no $GUARD_FILE in $dir"
done || exit 1
ways="in every data directory"
if [ -n "$GUARD_CONF" ]; then
  grep -q '^reseed_run_in_progress:' "$GUARD_CONF" || die "no reseed_run_in_progress in $GUARD_CONF"
  [ -e "$GUARD_CONF.reseed-guard" ] || die "$GUARD_CONF has a guard, but its original is not kept beside it"
  ways="$ways, in $GUARD_CONF"
fi
if [ -n "$GUARD_UNIT" ]; then
  file=$UNIT_DIR/$GUARD_UNIT.d/$GUARD_DROP
  [ -s "$file" ] || die "no $file"
  # words: a path has no spaces in it, and what systemd has read is not what is on disk
  said=$(systemctl show -p DropInPaths -p NeedDaemonReload "$GUARD_UNIT") || die "systemd does not answer"
  printf '%s\n' "$said" | sed -n 's/^DropInPaths=//p' | tr ' ' '\n' | grep -qxF "$file" || die "systemd has not read $file"
  printf '%s\n' "$said" | grep -qx 'NeedDaemonReload=no' || die "systemd has not read all of $GUARD_UNIT"
  ways="$ways, in $GUARD_UNIT"
fi
echo "$ways"
