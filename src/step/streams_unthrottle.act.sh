# Follows streams_rate.sh. Once it is noted, the rate of before is not asked for again: it would be ours. Whatever stands
# against it, the restore goes on: it only takes longer. No sync: a power cut ends the rate with Cassandra.
if [ ! -s "$kept" ]; then
  note='- nodetool does not tell it'
  for unit in $UNITS; do
    number=$(rate "$unit")
    case $number in
      '') ;;
      *[!0-9]*) note='- it is no whole number, and could not be set again' ;;
      *) note="$unit $number"; break ;;
    esac
  done
  (ours "$PLACE/$RESEED_RUN" && printf '%s\n' "$note" >"$kept.new" && mv -f -- "$kept.new" "$kept") || exit 0
fi
noted
[ "$unit" != - ] || exit 0
set_rate 0 || echo "nodetool could not lift it" >&2
