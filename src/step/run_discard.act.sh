# Deletes what the runs (RUNS) keep in our places (PLACES) on this host. Each directory is renamed
# first: half of a quarantine must not be taken for a whole one. Prints the bytes that became free.
each() {
  printf '%s\n' "$PLACES" | while IFS= read -r place; do
    case $place in */.reseed | */.reseed/snapshots) ;; *) die "not a place of ours: $place" ;; esac
    printf '%s\n' "$RUNS" | while IFS= read -r run; do
      [ -n "$run" ] || die "no run"
      "$1" "$place/$run" || exit 1
    done || exit 1
  done
}

# snapshots/ and backups/ are other people's: whoever finds one here puts it back first
keep() {
  left=$(find "$1"/quarantine/data-*/*/* -maxdepth 1 -mindepth 1 \( -name snapshots -o -name backups \) 2>/dev/null |
    while IFS= read -r dir; do
      [ -z "$(find "$dir" -mindepth 1 ! -type d | head -n 1)" ] || { printf '%s\n' "$dir"; break; }
    done)
  [ -z "$left" ] || die "$left is not ours to delete"
}

away() {
  gone=$1.discarded
  if [ -e "$1" ]; then
    if [ -e "$gone" ]; then rm -rf -- "$gone" || die "cannot delete $gone"; fi
    rename "$1" "$gone"
  fi
}

# a file that has a name elsewhere too (somebody's snapshot) frees nothing
measure() {
  [ ! -d "$1.discarded" ] || find "$1.discarded" -type f -exec stat -c '%d:%i %h %b %B' {} +
}

delete() {
  [ ! -e "$1.discarded" ] || rm -rf -- "$1.discarded" || die "cannot delete $1.discarded"
}

each keep || exit 1
each away || exit 1
sync
bytes=$(each measure | awk '{ seen[$1]++; if (seen[$1] == $2) bytes += $3 * $4 } END { printf "%.0f", bytes }')
each delete || exit 1
sync
echo "freed=$bytes"
