# Follows streams_rate.sh.
[ -e "$kept" ] || die "the rate of before was not noted"
if [ ! -s "$kept" ]; then echo "left as it is: it is no whole number, and could not be set again"; exit 0; fi
IFS=' ' read -r unit number <"$kept" || [ -n "$number" ] || die "cannot read $kept"
now=$(rate "$unit")
[ "$now" = 0 ] || die "it may stream at $(said "$unit" "$now")"
echo "no limit; before: $(said "$unit" "$number")"
