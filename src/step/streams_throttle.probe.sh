# Follows streams_rate.sh.
noted
if [ "$unit" = - ]; then echo "it was left as it is: $number"; exit 0; fi
if [ "$number" = 0 ]; then echo "there was none before"; exit 0; fi
die "it was lifted"
