# Hashes FILES of the backup FINAL (`sha256  path`), and compares each Data.db with the digest that
# Cassandra wrote beside it: DIGESTS are `algorithm<tab>data<tab>digest file`; `digest=data<tab>what
# it says<tab>what the data give`. A file that cannot be read has no line. Gives way to all others.
cd "$FINAL" || die "cannot enter $FINAL"
gently idle
echo "hasher=$(hash_tool)"
printf '%s\n' "$FILES" | hash_list 2>/dev/null
[ -n "$DIGESTS" ] || exit 0
echo "tool=$tool"
printf '%s\n' "$DIGESTS" | while IFS="$tab" read -r algorithm data file; do
  # gzip knows only the one
  if [ -z "$tool" ] || [ "$tool $algorithm" = "gzip adler32" ]; then continue; fi
  found=$(digest "$algorithm" "$data" 2>/dev/null)
  [ -z "$found" ] || printf 'digest=%s\t%s\t%s\n' "$data" "$(tr -d '\n\t' <"$file" | head -c 64)" "$found"
done
