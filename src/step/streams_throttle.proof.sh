# Follows streams_rate.sh.
noted
now=$(rate "$unit")
[ "$now" = "$number" ] || die "the limit on streams is $(said "$unit" "$now"), and was $(said "$unit" "$number")"
echo "$(said "$unit" "$number") again"
