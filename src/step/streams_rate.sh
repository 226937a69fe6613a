# How fast this node may send streams, as nodetool tells it, and where the rate of before is kept: `UNIT NUMBER`, or `- WHY`
# where it is left as it is. UNITS: how nodetool can be asked, a word each: `mbit`, which is all there is before 4.1;
# from then on -m (MiB/s) and -d (megabits, with what is behind the point: without it fails on such a rate).
kept=$PLACE/$RESEED_RUN/stream-rate

# rate UNIT: the number, 0 when there is no limit; nothing when nodetool does not tell
rate() {
  case $1 in -*) told=$(nt getstreamthroughput "$1") ;; *) told=$(nt getstreamthroughput) ;; esac
  told=$(printf '%s\n' "$told" | sed -n 's/^Current stream throughput: *//p')
  case $told in unlimited*) told=0 ;; esac
  told=${told%% *}
  printf '%s\n' "${told%.0}"
}

# said UNIT NUMBER
said() {
  case $2 in 0) echo none; return ;; '') echo "not told by nodetool"; return ;; esac
  case $1 in -m) echo "$2 MiB/s" ;; *) echo "$2 Mb/s" ;; esac
}

# noted: what is kept, into $unit and $number (or why)
noted() {
  unit='' number=''
  { IFS=' ' read -r unit number <"$kept"; } 2>/dev/null
  [ -n "$unit" ] || { unit=-; number="the rate of before is not noted"; }
}

# set_rate NUMBER: sets the rate in that unit
set_rate() { if [ "$unit" = -m ]; then nt setstreamthroughput -m "$1"; else nt setstreamthroughput "$1"; fi; }
