# What a node's directories and Cassandra itself say. DIRS: `label<tab>path`, one a line.
# BACKUP: the backup in question. LOG: Cassandra's log file. ADDRESSES: how the ring may call this node.
# Changes nothing that stays: each place is tried with a real rename of a probe, then removed.

# try_place DIRECTORY PLACE: whether a rename between them works; prints why not.
try_place() {
  made=
  if [ ! -d "$2" ]; then mkdir -p -- "$2" 2>/dev/null || { echo "cannot make $2"; return 1; }; made=yes; fi
  probe=$2/.probe-$$
  why=
  if ! mkdir -- "$probe" 2>/dev/null; then why="cannot write in $2"
  else
    before=$(inode "$probe")
    if ! mv -- "$probe" "$1/.reseed-probe-$$" 2>/dev/null; then why="cannot move from $2 to $1"
    else
      [ "$(inode "$1/.reseed-probe-$$")" = "$before" ] || why="a move from $2 to $1 is no rename"
    fi
    rmdir -- "$1/.reseed-probe-$$" 2>/dev/null || rmdir -- "$probe" 2>/dev/null || :
  fi
  # only what was made here; never `rmdir -p`, which would take an empty directory of Cassandra's
  if [ -n "$made" ]; then
    rmdir -- "$2" 2>/dev/null || :
    case $2 in */.reseed/snapshots) rmdir -- "${2%/snapshots}" 2>/dev/null || : ;; esac
  fi
  if [ -n "$why" ]; then echo "$why"; return 1; fi
}

# in_data DIRECTORY: whether it is a data directory, or below one. Cassandra's start looks at all files there, but for
# its own other directories and what is in `snapshots` or `backups`: a saved cache set aside there would end it.
in_data() {
  printf '%s\n' "$roots" | {
    while IFS= read -r root; do
      case $1/ in "${root:-/nowhere}"/*) exit 0 ;; esac
    done
    exit 1
  }
}
roots=$(printf '%s\n' "$DIRS" | while IFS="$tab" read -r label path; do
  case $label in data-* | local-system) (cd -P -- "$path" 2>/dev/null && pwd) ;; esac
done)

first=$(printf '%s\n' "$DIRS" | head -n 1 | cut -f 2)
[ -n "$RUN_AS" ] || RUN_AS=$(stat -c %U -- "$first" 2>/dev/null)
[ -n "$RUN_AS" ] || die "cannot tell who owns $first"
echo "run_as=$RUN_AS"
printf '%s\n' "$DIRS" | while IFS="$tab" read -r label path; do
  real=$(cd -P -- "$path" 2>/dev/null && pwd) || { printf 'dir=%s\t%s\t\tno\t%s is not a directory\t0\t0\n' "$label" "$path" "$path"; continue; }
  link=no; [ ! -L "$path" ] || link=yes
  place=${real%/*}/.reseed
  case $label in data-* | local-system) ;; *) ! in_data "${real%/*}" || place=$real/.reseed ;; esac
  if ! why=$(try_place "$real" "$place"); then
    case $label in data-*) place=$real/.reseed/snapshots ;; *) place=$real/.reseed ;; esac
    if why2=$(try_place "$real" "$place"); then why=; else why="$why; $why2"; fi
  fi
  printf 'dir=%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$label" "$path" "$place" "$link" "$why" \
    "$(stat -c %d -- "$real")" "$(df -Pk -- "$real" | awk 'NR == 2 { printf "%.0f", $4 * 1024 }')"
  case $label in
    data-*) find "$real" -mindepth 1 -maxdepth 1 -type d ! -name '.*' -exec du -sk {} + 2>/dev/null |
      awk -F "$tab" '{ sub(".*/", "", $2); printf "size=%s\t%.0f\n", $2, $1 * 1024 }' ;;
    # <host id of who they are for>-<time>-<version>.hints
    hints) find "$real" -name '*.hints' -type f | awk '{ sub(".*/", ""); print "hint=" substr($0, 1, 36) } END { print "hint_files=" NR }' ;;
  esac
done
# where Cassandra logs to another file than the one that was found: that one when it has the usual name, else its names
if [ -f "$LOG" ] && [ "$(log_kept "$LOG")" = no ]; then
  # shellcheck disable=SC2016 # it is for another shell
  names='for file in /proc/"$1"/fd/*; do readlink -- "$file"; done'
  logs=$(for pid in $(cassandra_pids); do as_user "$RUN_AS" sh -c "$names" sh "$pid"; done | grep '\.log$' | sort -u)
  kept=$(printf '%s\n' "$logs" | grep '/system\.log$')
  if [ -f "$kept" ] && [ -r "$kept" ]; then LOG=$kept; echo "log=$LOG"
  else echo "log_foreign=$(printf '%s\n' "$logs" | tr '\n' ' ')"
  fi
fi
near=$BACKUP_ROOT
while [ ! -d "$near" ]; do near=${near%/*}; near=${near:-/}; done
echo "backup_fs=$(stat -c %d -- "$near")$tab$(df -Pk -- "$near" | awk 'NR == 2 { printf "%.0f", $4 * 1024 }')"
[ -w "$near" ] || echo "backup_unwritable=$near"
# the same backup as elsewhere: shared storage, or a copy
if [ -n "$BACKUP" ] && [ -r "$BACKUP/manifest.json" ]; then
  echo "backup_sum=$(cd "$BACKUP" && echo manifest.json | hash_list | cut -d ' ' -f 1)"
fi

# One JVM where that suffices: a node that serves clients is told from the others in its own ring by
# its address (ADDRESSES), when exactly one row has one of these. Else `info` tells who it is, and that
# its gossip is stopped. One after the other: the node serves meanwhile.
status=$(nt status 2>&1)
own=$(printf '%s\n' "$status" | awk -v list="$(printf '%s' "$ADDRESSES" | tr '\n' ' ')" '
  BEGIN { n = split(list, all, " "); for (i = 1; i <= n; i++) mine[all[i]] = 1 }
  /^[UD?][NLJM] / && $2 in mine { rows++ }
  END { print rows + 0 }')
if [ "$own" = 1 ] && listening "$NATIVE_PORT"; then answers=yes
else
  info=$(nt info 2>&1)
  printf 'info=%s\n' "$(printf '%s\n' "$info" | base64 | tr -d '\n')"
  case $info in *'Gossip active'*) answers=yes ;; *) answers= ;; esac
fi
if [ -n "$answers" ]; then printf 'status=%s\n' "$(printf '%s\n' "$status" | base64 | tr -d '\n')"
# it does not answer: its log may say why, and what it was
elif [ -f "$LOG" ] && [ -r "$LOG" ]; then
  printf 'died=%s\n' "$(log_since "$LOG" "$(($(wc -c <"$LOG") - 65536))" | tail -c 8192 | base64 | tr -d '\n')"
  echo "logged=$(sed -n 's/.*Cassandra version: *//p' "$LOG" | tail -n 1)"
fi
