# Follows streams_rate.sh.
noted
if [ "$unit" = - ]; then echo "the limit was not lifted: $number"; exit 0; fi
if [ "$number" = 0 ]; then echo "there was no limit before"; exit 0; fi
die "the limit was lifted"
