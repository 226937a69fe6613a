# Follows streams_rate.sh.
IFS=' ' read -r unit number <"$kept" || [ -n "$number" ] || die "cannot read $kept"
now=$(rate "$unit")
[ "$now" = "$number" ] || die "it may stream at $(said "$unit" "$now"), and was $(said "$unit" "$number")"
echo "$(said "$unit" "$number") again"
