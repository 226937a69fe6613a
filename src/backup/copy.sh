# Copying and hashing, each file read once. Scripts that copy or hash many files follow this one.
# $RATE: bytes per second in all (0: as fast as it goes); $AT_ONCE: so many at a time, one where a rate is set.
#
#   copy_files LIST SUMS   copies each file of LIST, lines `size<tab>from<tab>to`, and writes `sha256  to`
#                          to SUMS, of the bytes as they were read from the source
#   hash_files LIST SUMS   the same without a copy; lines `size<tab>file`
#
# Paths are absolute or below the current directory, base names are the same on both sides and hold no
# spaces, target directories are there. Copies are new files of ours: never links, and clones of the
# source's blocks where the filesystem can. Ends the script when one cannot be read or written whole.
# Large files go one by one: what is copied is hashed on its way (`tee`). Small ones go by the hundred:
# copied, then hashed while the source is still in memory, since two processes for each would take longer.

copy_files() { in_lanes copy "$1" "$2" || exit 1; }
hash_files() { in_lanes hash "$1" "$2" || exit 1; }

# in_lanes copy|hash LIST SUMS: shares the work out, waits for all of it, and puts the sums together.
in_lanes() (
  lanes=$AT_ONCE
  [ "$RATE" -eq 0 ] || lanes=1
  rm -f -- "$3".[0-9]* "$3.failed"
  : >"$3.done"
  out=$3 awk -F "$tab" -v lanes="$lanes" -v rate="$RATE" '
    # a unit of work goes where least is to be done; a file costs something also when it is small
    function unit(bytes, from, to, names,  best, i) {
      best = 1
      for (i = 2; i <= lanes; i++) if (load[i] < load[best]) best = i
      load[best] += bytes + 65536
      printf "%.0f\t%s\t%s\t%s\n", bytes, from, to, names > (ENVIRON["out"] "." best)
    }
    function dir(path) { if (sub("/[^/]*$", "", path)) return path == "" ? "/" : path; return "." }
    function flush() { if (n) unit(sum, source, target, names); n = sum = 0; names = "" }
    BEGIN { large = 4194304; most = 33554432; if (rate > 0 && rate < large) large = most = rate }
    NF < 2 { next }
    { from = $2; to = NF < 3 ? $2 : $3 }
    $1 >= large { unit($1, from, to, ""); next }
    { name = from; sub(".*/", "", name)
      if (dir(from) != source || dir(to) != target || n == 200 || sum + $1 > most) flush()
      source = dir(from); target = dir(to); names = names (n++ ? " " : "") name; sum += $1 }
    END { flush() }' "$2"
  set -- "$1" "$2" "$3" "$(awk -F "$tab" '{ s += $1 } END { printf "%.0f", s }' "$2")"
  pids='' n=0
  while [ "$n" -lt "$lanes" ]; do
    n=$((n + 1))
    [ -e "$3.$n" ] || continue
    lane "$1" "$3" "$n" "$4" >"$3.$n.sums" & pids="$pids $!"
  done
  for pid in $pids; do wait "$pid" || : >"$3.failed"; done
  [ ! -e "$3.failed" ] || exit 1
  : >"$3"
  for sums in "$3".[0-9]*.sums; do [ ! -e "$sums" ] || cat "$sums" >>"$3"; done
  rm -f -- "$3".[0-9]* "$3.done"
)

# lane copy|hash SUMS N TOTAL: does its units one after the other, until another lane fails.
lane() {
  begin_pace
  while IFS="$tab" read -r bytes from to names; do
    [ ! -e "$2.failed" ] || exit 1
    if [ -n "$names" ]; then few "$1" "$from" "$to" "$names"
    else large "$1" "$bytes" "$from" "$to" "$2.$3.short"
    fi
    pace "$bytes"
    # one short write, so that lanes can share the file
    printf '%s\n' "$bytes" >>"$2.done"
    progress "$(awk '{ s += $1 } END { printf "%.0f", s }' "$2.done")" "$4" bytes
  done <"$2.$3"
}

# few copy|hash FROM TO NAMES: small files of one directory.
few() {
  action=$1 source=$2 target=$3
  set -f
  # shellcheck disable=SC2086 # base names without spaces
  set -- $4
  set +f
  if [ "$action" = copy ]; then
    # -P: what became a link meanwhile is not followed, and found out when the copy is verified
    for name in "$@"; do set -- "$@" "$source/$name"; shift; done
    # shellcheck disable=SC2086 # empty or one word
    cp $clone -P -- "$@" "$target/" || die "cannot copy from $source to $target"
  fi
  (cd "$source" && for name in "$@"; do printf '%s\n' "${name##*/}"; done | hash_list) |
    of=$target awk -v wanted="$#" '{ print $1 "  " (ENVIRON["of"] == "." ? "" : ENVIRON["of"] "/") $2 }
      END { exit NR != wanted }' || die "cannot hash the files in $source"
}

# large copy|hash BYTES FROM TO MARK: one file; FROM is read once. MARK: a file that tells of a failure.
large() {
  rm -f -- "$5"
  [ ! -L "$3" ] || die "$3 is a link"
  sum=$(case $1 in
    hash) read_of "$3" | hash_stream ;;
    # blocks that are shared cost no reading: only the hash does
    copy) if [ -n "$clone" ] && cp --reflink=always -P -- "$3" "$4" 2>/dev/null; then read_of "$3" | hash_stream
      else { read_of "$3" "$4" || : >"$5"; } | hash_stream
      fi ;;
  esac)
  [ ! -e "$5" ] || die "cannot copy $3 to $4"
  [ "$1" = hash ] || [ "$(stat -c %s -- "$4")" = "$2" ] || die "cannot copy $3: $4 is not as long"
  sum=${sum%% *}
  [ "${#sum}" = 64 ] || die "cannot hash $3"
  printf '%s  %s\n' "$sum" "$4"
}

# read_of FILE [COPY]: prints it, no faster than $RATE, and writes it to COPY.
read_of() {
  if [ "$RATE" -eq 0 ]; then
    if [ -n "${2:-}" ]; then tee -- "$2" <"$1"; else cat -- "$1"; fi
  elif [ -n "${2:-}" ]; then paced "$1" | tee -- "$2"
  else paced "$1"
  fi
}

# paced FILE: prints it, a quarter of a second's worth at a time.
paced() {
  begin_pace
  size=$(stat -c %s -- "$1")
  count=$((RATE / 4 / 65536))
  [ "$count" -gt 0 ] || count=1
  at=0
  while [ $((at * 65536)) -lt "$size" ]; do
    dd if="$1" bs=65536 skip="$at" count="$count" 2>/dev/null || return 1
    at=$((at + count))
    pace $((count * 65536))
  done
}

# begin_pace, then `pace BYTES` behind so many: sleeps until $RATE allows more. What was slower than
# that is not made up for later.
begin_pace() { [ "$RATE" -eq 0 ] || due=$(hundredths); }
pace() {
  [ "$RATE" -ne 0 ] || return 0
  due=$((due + $1 * 100 / RATE))
  ahead=$((due - $(hundredths)))
  if [ "$ahead" -le 0 ]; then due=$((due - ahead)); return 0; fi
  sleep "$((ahead / 100)).$(printf %02d $((ahead % 100)))" 2>/dev/null || sleep $(((ahead + 99) / 100))
}

# hundredths: of a second since the boot.
hundredths() {
  read -r up _ </proc/uptime
  printf '%s\n' "${up%.*}${up#*.}"
}

# whether `cp` knows about shared blocks; busybox's does not
clone=
case $(cp --help 2>&1) in *--reflink*) clone=--reflink=auto ;; esac
