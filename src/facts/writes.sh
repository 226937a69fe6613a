# What tells whether this node or another may have missed writes: since when the log tells, when it told
# last of writes that this node dropped, and when it saw each other node down last. Seconds since 1970.
# LOG: Cassandra's log; what was rotated beside it is read too, as far as it can be unpacked here. MISSED: whether
# that matters (for a backup): it may be much text.
if [ -n "$MISSED" ] && [ -f "$LOG" ] && [ -r "$LOG" ]; then
  # names of logs are plain
  # shellcheck disable=SC2012
  { ls -tr -- "$LOG".* 2>/dev/null | tail -n 14; printf '%s\n' "$LOG"; } | while IFS= read -r file; do
    case $file in
      *.zip | *.gz) gzip -dc <"$file" 2>/dev/null || unzip -p "$file" 2>/dev/null ;;
      *) cat -- "$file" 2>/dev/null ;;
    esac
  done | awk '
    # some log it with a T
    function time() {
      if (!match($0, /[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][ T][0-9][0-9]:[0-9][0-9]:[0-9][0-9]/)) return ""
      return substr($0, RSTART, 10) " " substr($0, RSTART + 11, 8)
    }
    first == "" { first = time() }
    / messages were dropped in last / && /(MUTATION|HINT|PAXOS_COMMIT|READ_REPAIR)[A-Z_]* messages/ { dropped = time() }
    / is now DOWN/ { who = $0; sub(/ is now DOWN.*/, "", who); sub(/.* /, "", who); down[who] = time() }
    END {
      print "log_from\t" first; print "dropped\t" dropped
      for (who in down) print "seen_down=" who "\t" down[who]
    }' | while IFS="$tab" read -r what time; do
      [ -n "$time" ] || continue
      # in the local time of this host
      seconds=$(date -d "$time" +%s 2>/dev/null) || continue
      case $what in
        seen_down=*) printf '%s\t%s\n' "$what" "$seconds" ;;
        *) printf '%s=%s\n' "$what" "$seconds" ;;
      esac
    done
fi
