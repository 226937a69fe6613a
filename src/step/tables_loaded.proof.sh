# Every Data.db that was restored is held open by Cassandra's process, which keeps all sstables open
# that it has loaded, or is gone from the disk: compacted away (a load that fails leaves the file there).
# Told by device and inode: the process may call the files by other names where there are links.
# And nothing is there besides: a Data.db that was not restored, in a table that lost none of its own and where
# no transaction is open that replaces sstables (a compaction's), was written by somebody else. Of other tables it
# cannot be told: they are named.
# TABLES, BASES (those that are no views, which may be built anew), FILES: below DATA_DIRS/KEYSPACE; without a
# KEYSPACE, and always at last, what the log says since the last start. SIGNS: its texts that tell of data that was not loaded.
unknown() { printf '%s\n' "$*" >&2; exit 2; }
pids=$(cassandra_pids)
[ -n "$pids" ] || die "Cassandra does not run"
if [ -n "$KEYSPACE" ]; then
  printf '%s\n' "$DATA_DIRS" | while IFS= read -r data; do
    printf '%s\n' "$TABLES" | while IFS= read -r table; do
      [ -z "$table" ] || [ -x "$data/$KEYSPACE/$table" ] || exit 2
    done || exit 2
    printf '%s\n' "$BASES" | while IFS= read -r table; do
      [ -z "$table" ] || [ ! -e "$data/$KEYSPACE/$table" ] ||
        { [ -r "$data/$KEYSPACE/$table" ] && [ -x "$data/$KEYSPACE/$table" ]; } || exit 2
    done || exit 2
  done || unknown "cannot look into the directories of the tables of $KEYSPACE"
  open=$(for pid in $pids; do open_files "$pid"; done)
  case $open in *:*) ;; *) unknown "cannot see which files process $pids holds open" ;; esac
  # in this order: what a compaction wrote is there before its input goes, and its log goes last
  live=$(printf '%s\n' "$DATA_DIRS" | while IFS= read -r data; do
    printf '%s\n' "$BASES" | while IFS= read -r table; do
      { [ -n "$table" ] && cd "$data/$KEYSPACE/$table" 2>/dev/null; } || continue
      for file in *-Data.db; do
        case $file in tmp* | '*'*) ;; *) printf 'live %s %s\n' "$table" "$file" ;; esac
      done
    done
    printf '%s\n' "$BASES" | while IFS= read -r table; do
      { [ -n "$table" ] && cd "$data/$KEYSPACE/$table" 2>/dev/null; } || continue
      for file in *_txn_*.log; do
        case $file in '*'* | *_txn_flush_* | *_txn_stream_* | *_txn_write_*) ;; *) printf 'busy %s\n' "$table" ;; esac
      done
    done
  done)
  # after the other looks: a file that a compaction ended with meanwhile was open, or is gone by now
  there=$(printf '%s\n' "$DATA_DIRS" | while IFS= read -r data; do
    cd "$data/$KEYSPACE" || exit
    printf '%s\n' "$FILES" | while IFS= read -r file; do
      if [ -n "$file" ] && [ -e "$file" ]; then printf './%s\n' "$file"; fi
    done | xargs -r stat -c '%d:%i %n' 2>/dev/null
  done)
  { printf '%s\n' "$open"; echo --; printf '%s\n' "$there"; } | awk '
    $0 == "--" { files = 1; next }
    !files { open[$1] = 1; next }
    $1 in open { n++; next }
    NF == 2 { print "reseed: not open " substr($2, 3) }
    END { print "reseed: open " n + 0 }'
  { printf '%s\n' "$FILES" | sed 's/^/file /'; printf '%s\n' "$there" "$live"; } | awk '
    $1 == "file" { split($2, part, "/"); if (part[3] == "" && $2 != "") wanted[$2] = part[1]; next }
    $1 == "live" { live[$2 "/" $3] = $2; next }
    $1 == "busy" { moved[$2] = 1; next }
    NF == 2 { there[substr($2, 3)] = 1 }
    END {
      for (file in wanted) if (!(file in there)) moved[wanted[file]] = 1
      for (file in live) if (!(file in wanted)) {
        if (live[file] in moved) unjudged[live[file]] = 1
        else print "reseed: besides " file
      }
      for (table in unjudged) print "reseed: unjudged " table
    }' | sort
fi
[ -r "$LOG" ] || unknown "cannot read $LOG"
at=$(last_start "$LOG" 0)
[ -n "$at" ] || echo "reseed: a log that began anew since"
echo "reseed: log"
tail -c "+$((${at:-0} + 1))" "$LOG" | grep -F -e "$SIGNS" | grep -v -E '^(INFO|DEBUG|TRACE)[ []' | head -n 20
echo "reseed: end"
