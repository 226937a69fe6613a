# Follows streams_rate.sh. A limit that stays is told and is no failure.
noted
if [ "$unit" = - ]; then echo "the limit stays: $number"; exit 0; fi
now=$(rate "$unit")
if [ "$now" = 0 ]; then echo "no limit; before: $(said "$unit" "$number")"
else echo "nodetool did not lift the limit: $(said "$unit" "$now")"
fi
