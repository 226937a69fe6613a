# What lies below Cassandra's directories beside live data: whose the directories are, those without
# an id, logs of transactions that nobody ended, snapshots of others; keyspaces and tables that are elsewhere in truth,
# where no rename reaches; and how many files still fit.
# Follows node.sh, which knows $RUN_AS. DIRS: `label<tab>path`, one a line.
pid=$(cassandra_pids | head -n 1)
who=$RUN_AS
if [ -n "$pid" ]; then who=$(stat -c %U -- "/proc/$pid"); fi
echo "writer=$who"
# for a shell of that user: all but what is hidden in the root, such as our own
# shellcheck disable=SC2016
judge='while IFS= read -r dir; do
  case $dir in "$1"/.* | "$1"/lost+found) continue ;; esac
  { [ -w "$dir" ] && [ -x "$dir" ]; } || printf "unwritable=%s\n" "$dir"
done'
printf '%s\n' "$DIRS" | while IFS="$tab" read -r label path; do
  real=$(cd -P -- "$path" 2>/dev/null && pwd) || continue
  echo "inodes=$label$tab$(stat -f -c "%c$tab%d" -- "$real")"
  find "$real" -maxdepth 2 -type d | as_user "$who" sh -c "$judge" judge "$real" ||
    echo "unjudged=nothing can be run as $who"
  case $label in data-*) ;; *) continue ;; esac
  for dir in "$real"/*/*/; do
    dir=${dir%/}
    id=${dir##*-}
    if [ ! -d "$dir" ]; then continue; fi
    case $id in
      *[!0-9a-f]* | '') echo "stray=${dir#"$real"/}$tab$dir" ;;
      *) [ "${#id}" = 32 ] || echo "stray=${dir#"$real"/}$tab$dir" ;;
    esac
  done
  # a table that is a link would be replaced as such, and what it leads to stay behind
  for link in "$real"/* "$real"/*/*; do
    if [ ! -L "$link" ] || [ ! -d "$link" ]; then continue; fi
    case ${link#"$real"/} in
      */*) ;;
      *) [ "$(stat -L -c %d -- "$link")" != "$(stat -c %d -- "$real")" ] || continue ;;
    esac
    printf 'detour=%s\t%s\n' "${link#"$real"/}" "$link"
  done
  real=$real awk '{ gsub(/\\040/, " ", $5); at = ENVIRON["real"] "/"
    if (index($5, at) == 1) { name = substr($5, length(at) + 1); if (name !~ /\/.*\//) print "detour=" name "\t" $5 } }' /proc/self/mountinfo
  # older than a day: one of a running compaction is no news
  echo "txn_logs=$(find "$real" -mindepth 3 -maxdepth 3 -name '*_txn_*.log' -mtime +0 | wc -l)"
  for dir in "$real"/*/*/snapshots "$real"/*/*/backups; do
    [ -d "$dir" ] || continue
    set -- "$dir"/*
    [ ! -e "$1" ] || printf '%s\n' "$dir"
  done | tr '\n' '\0' | xargs -0 -r du -sk -- | while read -r size dir; do
    dir=${dir#"$real"/}
    printf 'foreign=%s\t%s\n' "${dir%/*}" "$size"
  done
done
