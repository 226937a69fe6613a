# Follows streams_rate.sh.
IFS=' ' read -r unit number <"$kept" || [ -n "$number" ] || die "cannot read $kept"
case $unit in -m) nt setstreamthroughput -m "$number" ;; *) nt setstreamthroughput "$number" ;; esac
