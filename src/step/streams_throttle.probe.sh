# Follows streams_rate.sh.
noted
if [ "$unit" = - ]; then echo "it was left as it is: $number"; exit 0; fi
now=$(rate "$unit")
if [ "$now" = "$number" ]; then echo "$(said "$unit" "$number"), as before"; exit 0; fi
die "its limit is $(said "$unit" "$now")"
