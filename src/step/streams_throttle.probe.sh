# Follows streams_rate.sh.
if [ ! -e "$kept" ]; then echo "nobody lifted it"; exit 0; fi
noted
case "$unit $number" in -\ * | *\ 0) echo "it was left as it is"; exit 0 ;; esac
die "it was lifted"
