# Sets every guard that takes effect on this node, see guard_set.rs. Whatever of it is there already
# stays; a guard of another run is as good, because the lease lets only one change the node.

# 1. A file that Cassandra cannot parse as an sstable, in the root of every data directory: a node
# that finds it at start exits within seconds and names it. The name tells the reader why.
printf '%s\n' "$DATA_DIRS" | while IFS= read -r dir; do
  file=$dir/$GUARD_FILE
  # an empty one is what a disk that was full, or a power cut, left of it
  [ -s "$file" ] || printf 'reseed run %s is under way. Remove only with reseed.\n' "$RESEED_RUN" >"$file" || die "cannot write $file"
  chmod 644 -- "$file" || die "cannot open $file to Cassandra's user"
done || exit 1

# 2. A key in cassandra.yaml that Cassandra does not know. The original is kept by a second name, so
# that guard.clear gives back the very same file: its inode with owner, mode, label, ACL, times.
# The live name gets a copy by rename: it is the original or the whole copy at every moment.
if [ -n "$GUARD_CONF" ] && ! grep -q '^reseed_run_in_progress:' "$GUARD_CONF"; then
  kept=$GUARD_CONF.reseed-guard
  new=$GUARD_CONF.reseed-new
  if [ ! -e "$kept" ]; then ln -- "$GUARD_CONF" "$kept" || die "cannot keep $GUARD_CONF as $kept"
  elif [ "$(inode "$kept")" != "$(inode "$GUARD_CONF")" ]; then
    die "$kept is there, but $GUARD_CONF is another file and has no guard: remove the one that is wrong"
  fi
  [ ! -L "$new" ] || die "$new is a symbolic link"
  { cat -- "$kept" && printf '\nreseed_run_in_progress: %s\n' "$RESEED_RUN"; } >"$new" || die "cannot write $new"
  dress "$kept" "$new"
  sync
  mv -f -- "$new" "$GUARD_CONF" || die "cannot replace $GUARD_CONF"
fi

# 3. A condition that fails, for systemd: unlike an exit of Cassandra it is no failure, so nothing
# is tried again. It asks for its own file, so it is gone with it.
if [ -n "$GUARD_UNIT" ]; then
  drop=$UNIT_DIR/$GUARD_UNIT.d
  file=$drop/$GUARD_DROP
  if [ ! -d "$drop" ]; then
    { mkdir -p -- "$drop" && chmod 755 -- "$drop"; } || die "cannot make $drop"
  fi
  {
    printf '# A run of reseed is under way. Remove only with reseed.\n[Unit]\nConditionPathExists=!%s\n' "$file" >"$file.new" &&
      chmod 644 -- "$file.new" && mv -f -- "$file.new" "$file"
  } || die "cannot write $file"
  systemctl daemon-reload || die "systemctl daemon-reload failed"
fi
sync
