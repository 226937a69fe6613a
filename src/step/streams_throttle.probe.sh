# Follows streams_rate.sh.
if [ ! -s "$kept" ]; then echo "it was left as it is"; exit 0; fi
die "it was lifted"
