# Where the stage of a keyspace is on this host and which of its files are there, for backup.relay and
# backup.stage. Each data directory has a shelf of its own; a whole sstable goes to the one with the most room.
# DATA_DIRS: `label<tab>path<tab>place`. A file's line: `sha256<tab>size<tab>from<tab>to<tab>sstable`, the
# sstable as the part of its `to` that all its components share.
stage=$(printf '%s\n' "$DATA_DIRS" | head -n 1 | cut -f 3)/$RESEED_RUN/stage
# everything has come, and was hashed on its way
arrived=$stage/$KEYSPACE.arrived
# while they are filled, one a line
shelves=$(printf '%s\n' "$DATA_DIRS" | while IFS="$tab" read -r label _ place; do
  printf '%s\n' "$place/$RESEED_RUN/stage/$label/$KEYSPACE.partial"
done)
case $shelves in *"
"*) many=yes ;; *) many= ;; esac

# open_shelves: makes them, and a private directory $work. What was not written to its end is taken away.
open_shelves() {
  printf '%s\n' "$shelves" | while IFS= read -r shelf; do
    ours "$shelf"
    rm -f -- "$shelf"/.incoming.*
  done || exit 1
  work=$(mktemp -d "$stage/.work.XXXXXX") || die "cannot make a directory in $stage"
  # shellcheck disable=SC2064 # the path as it is now
  trap "rm -rf -- '$(printf '%s' "$work" | sed "s/'/'\\\\''/g")'" EXIT
  trap 'exit 129' HUP INT TERM
}

# there: `size number-of-shelf ./path` of all files on the shelves
there() {
  n=0
  printf '%s\n' "$shelves" | while IFS= read -r shelf; do
    n=$((n + 1))
    (cd "$shelf" && find . -type f ! -name '.incoming.*' -exec stat -c "%s $n %n" -- {} +) || exit 1
  done
}

# nth NUMBER: that shelf
nth() { printf '%s\n' "$shelves" | sed -n "${1}p"; }

# room: `number-of-shelf kib disk` of each; the disk is the number of the first shelf on that filesystem, whose room
# they share
room() {
  n=0
  printf '%s\n' "$shelves" | while IFS= read -r shelf; do
    n=$((n + 1))
    df -Pk -- "$shelf" | awk -v n="$n" 'NR == 2 { print n, $4, $1, $NF }'
  done | awk '{ if (!(($3, $NF) in first)) first[$3, $NF] = $1; print $1, $2, first[$3, $NF] }'
}

# KiB that stay free on every disk, as the guard `space` has it: Cassandra serves from it
margin=65536
# no_room SSTABLE BYTES SHELF KIB: says so.
no_room() {
  printf '%s\n' "$3 has the most room of all data directories for ${1}*, $(($4 / 1024)) MiB, but $((($2 / 1024 + margin + 1023) / 1024)) MiB are needed (an sstable is not divided); free some space there, then resume"
}

# missing: of the files in $work/wanted, the lines of those that are not on a shelf whole, with their
# numbers before them. What is there is hashed, every byte, unless all had arrived. Follows copy.sh.
missing() {
  there >"$work/there" || die "cannot look at $stage"
  : >"$work/got"
  n=0
  printf '%s\n' "$shelves" | while IFS= read -r shelf; do
    n=$((n + 1))
    awk -F "$tab" -v n="$n" -v arrived="$([ ! -e "$arrived" ] || echo yes)" '
      FILENAME == ARGV[1] { split($0, file, " "); if (file[2] == n) size[file[3]] = file[1]; next }
      ("./" $4) in size && size["./" $4] == $2 { print (arrived ? $1 "  " : $2 "\t") "./" $4 }
    ' "$work/there" "$work/wanted" >"$work/same"
    if [ -e "$arrived" ]; then cat "$work/same"
    else
      cd "$shelf" && hash_files "$work/same" "$work/sums" || die "cannot look at $shelf"
      cat "$work/sums"
    fi >>"$work/got"
  done || exit 1
  awk -F "$tab" '
    FILENAME == ARGV[1] { split($0, file, "  "); got[file[2]] = file[1]; next }
    NF > 3 && got["./" $4] != $1 { print FNR "\t" $0 }
  ' "$work/got" "$work/wanted"
}

# body SIZE: exactly so many bytes of stdin, and not one more
body() {
  _blocks=$(($1 / 65536)) _rest=$(($1 % 65536))
  if [ "$_blocks" != 0 ]; then dd bs=65536 count="$_blocks" iflag=fullblock 2>/dev/null; fi
  if [ "$_rest" != 0 ]; then dd bs="$_rest" count=1 iflag=fullblock 2>/dev/null; fi
}
