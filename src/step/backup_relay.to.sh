# Follows copy.sh and backup_shelf.sh. Its first line of input says what is wanted:
# list: reads the lines of all files and `end`; prints the numbers of those that are not here whole.
# take: reads what backup_relay.from.sh prints, and puts each file on a shelf once its hash is right. Cut off at
# any byte, what has come so far stays, and the next one goes on from there. Nothing is taken that was not in the
# list, in its order; and no sstable begun that would fill the disk under a Cassandra that serves.
gently
open_shelves
# what may come: `bytes-lacking-of-its-sstable<tab>line as the source prints it`
asked=$stage/$KEYSPACE.asked

all_here() {
  sync
  : >"$arrived" || die "cannot write $arrived"
}

list() {
  cat >"$work/wanted"
  [ "$(tail -n 1 "$work/wanted")" = end ] || die "the list of files was cut off"
  missing >"$work/missing" || exit 1
  awk -F "$tab" '
    FILENAME == ARGV[1] { sum[$6] += $3; next }
    NF > 3 { printf "%.0f\t%s\t%s\t%s\t%s\n", sum[$5], $1, $2, $4, $5 }
  ' "$work/missing" "$work/wanted" >"$work/asked" || die "cannot write $work/asked"
  mv -f -- "$work/asked" "$asked" || die "cannot write $asked"
  if [ ! -s "$work/missing" ]; then all_here; fi
  cut -f 1 "$work/missing"
}

# expect LINE: goes on in the list to that line; $lacking: how much of its sstable is to come.
expect() {
  while IFS="$tab" read -r lacking line <&8; do
    if [ "$line" = "$1" ]; then return 0; fi
  done
  die "what was sent is not what was asked for: $(printf '%.200s' "$1")"
}

# choose SSTABLE BYTES: where some of it is already, else where there is the most room; and only if so much is free.
choose() {
  [ "$1" != "$sstable_now" ] || return 0
  sstable_now=$1
  shelf=$shelves
  if [ -n "$many" ]; then
    shelf=$(printf '%s\n' "$shelves" | while IFS= read -r shelf; do
      for file in "$shelf/$1"*; do
        if [ -e "$file" ]; then printf '%s\n' "$shelf"; break 2; fi
      done
    done)
  fi
  if [ -z "$shelf" ]; then
    best=$(room | awk 'NR == 1 || $2 > most { most = $2; best = $1 } END { print best }')
    [ -n "$best" ] || die "cannot tell how much room there is (df)"
    shelf=$(nth "$best")
  fi
  free=$(df -Pk -- "$shelf" | awk 'NR == 2 { printf "%.0f", $4 }')
  [ -n "$free" ] || die "cannot tell how much room $shelf has (df)"
  [ "$free" -ge $(($2 / 1024 + margin)) ] || die "$(no_room "$1" "$2" "$shelf" "$free")"
}

# spoilt WHY: gives its room back, and ends.
spoilt() {
  rm -f -- "$in"
  die "$1"
}

take() {
  whole='' sstable_now='' files=0
  [ -e "$asked" ] || die "nothing was asked for"
  exec 8<"$asked"
  while IFS="$tab" read -r sha size to sstable; do
    if [ "$sha" = end ]; then whole=yes; break; fi
    expect "$sha$tab$size$tab$to$tab$sstable"
    choose "$sstable" "$lacking"
    in=$shelf/.incoming.$$
    mkdir -p -- "$shelf/${to%/*}" || die "cannot make $shelf/${to%/*}"
    found=$(body "$size" | tee -- "$in" | hash_stream)
    has=$(stat -c %s -- "$in")
    [ "$has" = "$size" ] || spoilt "$to: only $has of $size bytes came (cut off, or the disk is full)"
    [ "${found%% *}" = "$sha" ] || spoilt "$to differs from the manifest (corrupt backup, or disk)"
    mv -f -- "$in" "$shelf/$to" || die "cannot name $shelf/$to"
    files=$((files + 1))
  done
  [ -n "$whole" ] || die "what is sent was cut off after $files files"
  all_here
  echo "$files files"
}

IFS= read -r wish
case $wish in
  list) list ;;
  take) take ;;
  *) die "cut off before it began" ;;
esac
