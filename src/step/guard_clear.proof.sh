# Whether no guard is left. Reads only.
printf '%s\n' "$DATA_DIRS" | while IFS= read -r dir; do
  [ ! -e "$dir/$GUARD_FILE" ] || die "$dir/$GUARD_FILE is still there"
done || exit 1
if [ -n "$GUARD_CONF" ]; then
  ! grep -q '^reseed_run_in_progress:' "$GUARD_CONF" || die "$GUARD_CONF still has reseed_run_in_progress"
  [ ! -e "$GUARD_CONF.reseed-guard" ] || die "$GUARD_CONF.reseed-guard is still there"
fi
if [ -n "$GUARD_UNIT" ]; then
  file=$UNIT_DIR/$GUARD_UNIT.d/$GUARD_DROP
  [ ! -e "$file" ] || die "$file is still there"
  said=$(systemctl show -p DropInPaths "$GUARD_UNIT") || die "systemd does not answer"
  case $said in *"$file"*) die "systemd still holds to $file" ;; esac
fi
echo "removed"
