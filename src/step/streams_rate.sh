# How fast this node may send streams, as nodetool tells it, and where the rate of before is kept: `UNIT NUMBER`, or
# nothing when it was left as it is. UNITS: how nodetool can be asked, a word each: `mbit`, which is all there is
# before 4.1; from then on -m (MiB/s) and -d (megabits, with what is behind the point: without it fails on such a rate).
kept=$PLACE/$RESEED_RUN/stream-rate

# rate UNIT: the number, 0 when there is no limit
rate() {
  case $1 in -*) told=$(nt getstreamthroughput "$1") ;; *) told=$(nt getstreamthroughput) ;; esac
  told=$(printf '%s\n' "$told" | sed -n 's/^Current stream throughput: *//p')
  case $told in unlimited*) told=0 ;; esac
  told=${told%% *}
  printf '%s\n' "${told%.0}"
}

# said UNIT NUMBER
said() {
  case $1 in -m) echo "$2 MiB/s" ;; *) echo "$2 Mb/s" ;; esac
}
