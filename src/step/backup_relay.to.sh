# Follows copy.sh and backup_shelf.sh. Its first line of input says what is wanted:
# list: reads the lines of all files and `end`; prints the numbers of those that are not here whole.
# take: reads what backup_relay.from.sh prints, and puts each file on a shelf once its hash is right. Cut off at
# any byte, what has come so far stays, and the next one goes on from there.
gently
open_shelves

all_here() {
  sync
  : >"$arrived" || die "cannot write $arrived"
}

list() {
  cat >"$work/wanted"
  [ "$(tail -n 1 "$work/wanted")" = end ] || die "the list of files was cut off"
  missing >"$work/missing" || exit 1
  if [ ! -s "$work/missing" ]; then all_here; fi
  cut -f 1 "$work/missing"
}

# choose SSTABLE: where some of it is already, else where there is the most room
choose() {
  [ "$1" != "$sstable_now" ] || return 0
  sstable_now=$1
  shelf=$shelves
  [ -n "$many" ] || return 0
  shelf=$(printf '%s\n' "$shelves" | while IFS= read -r shelf; do
    for file in "$shelf/$1"*; do
      if [ -e "$file" ]; then printf '%s\n' "$shelf"; break 2; fi
    done
  done)
  [ -z "$shelf" ] || return 0
  shelf=$(nth "$(room | awk 'NR == 1 || $2 > most { most = $2; best = $1 } END { print best }')")
}

take() {
  whole='' sstable_now='' files=0
  while IFS="$tab" read -r sha size to sstable; do
    if [ "$sha" = end ]; then whole=yes; break; fi
    choose "$sstable"
    in=$shelf/.incoming.$$
    mkdir -p -- "$shelf/${to%/*}" || die "cannot make $shelf/${to%/*}"
    found=$(body "$size" | tee -- "$in" | hash_stream)
    has=$(stat -c %s -- "$in")
    [ "$has" = "$size" ] || die "$to: only $has of $size bytes came (cut off, or the disk is full)"
    [ "${found%% *}" = "$sha" ] || die "$to differs from the manifest (corrupt backup, or disk)"
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
