# Follows streams_rate.sh. Once it is noted, the rate of before is not asked for again: it would be ours.
if [ ! -e "$kept" ]; then
  note=
  for unit in $UNITS; do
    number=$(rate "$unit")
    case $number in '' | *[!0-9]*) ;; *) note="$unit $number"; break ;; esac
  done
  [ -n "$number" ] || die "cannot tell how fast it may stream (nodetool getstreamthroughput)"
  ours "$PLACE/$RESEED_RUN"
  printf '%s' "$note" >"$kept.new" || die "cannot write $kept.new"
  sync
  mv -f -- "$kept.new" "$kept" || die "cannot name $kept"
  sync
fi
[ -s "$kept" ] || exit 0
nt setstreamthroughput 0
