# Follows streams_rate.sh.
noted
now=$(rate "$unit")
[ "$now" = "$number" ] || die "the restore is done, but the limit on streams is $(said "$unit" "$now"), and was $(said "$unit" "$number"); nodetool setstreamthroughput sets it, or a restart of Cassandra"
echo "$(said "$unit" "$number") again"
