# Follows streams_rate.sh. A limit that stays is told and is no failure.
[ -e "$kept" ] || die "the rate of before was not noted"
noted
if [ "$unit" = - ]; then echo "left as it is: $number"; exit 0; fi
now=$(rate "$unit")
case $now in
  0) echo "no limit; before: $(said "$unit" "$number")" ;;
  "$number") echo "left as it is, $(said "$unit" "$number"): nodetool could not lift it" ;;
  *) die "its rate is $(said "$unit" "$now")" ;;
esac
