# Asks every index of the keyspace for a value that the table holds; an index that lost its data
# answers nothing. INDEXES: `name<tab>table<tab>column`, table and column quoted for CQL already.
work=$(mktemp -d) || die "no temporary directory"
printf 'CONSISTENCY ONE;\nPAGING OFF;\n' >"$work/rows.cql"
printf '%s\n' "$INDEXES" | while IFS="$tab" read -r _ table column; do
  printf 'SELECT JSON %s AS v FROM %s LIMIT 100;\n' "$column" "$table"
done >>"$work/rows.cql"
cql "$work/rows.cql" >"$work/rows" || { rm -rf "$work"; die "cannot read the tables"; }
# the first value of each result that is not null; cqlsh doubles backslashes, CQL doubles quotes
awk '/^ *\[json\]/ { n++ } /^ *\{"v": / { v = $0; sub(/^ *\{"v": /, "", v); sub(/\} *$/, "", v)
  if (v != "null" && !(n in seen)) { seen[n] = 1; print n "\t" v } }' "$work/rows" |
  sed -e 's/\\\\/\\/g' -e "s/'/''/g" >"$work/values"
n=0
printf 'CONSISTENCY ONE;\nPAGING OFF;\n' >"$work/ask.cql"
printf '%s\n' "$INDEXES" | while IFS="$tab" read -r name table column; do
  n=$((n + 1))
  value=$(grep "^$n$tab" "$work/values" | cut -f 2-)
  if [ -n "$value" ]; then
    printf "SELECT JSON %s AS v FROM %s WHERE %s = fromJson('%s') LIMIT 1;\n" "$column" "$table" "$column" "$value" >>"$work/ask.cql"
    printf '%s\n' "$name"
  fi
done >"$work/asked"
asked=$(wc -l <"$work/asked")
if [ "$asked" -gt 0 ]; then cql "$work/ask.cql" >"$work/answers" || { rm -rf "$work"; die "an index query failed"; }
else : >"$work/answers"; fi
good=$(grep -c '^ *{"v": ' "$work/answers")
if [ "$((good))" -ne "$((asked))" ]; then
  bad=$(awk '/^ *\[json\]/ { n++ } /^ *\{"v": / { hit[n] = 1 } END { for (i = 1; i <= n; i++) if (!(i in hit)) print i }' "$work/answers" |
    while IFS= read -r i; do sed -n "${i}p" "$work/asked"; done | tr '\n' ' ')
  rm -rf "$work"
  die "no answer from index ${bad}although the table holds the value"
fi
rm -rf "$work"
echo "$((good)) of $(printf "%s\n" "$INDEXES" | wc -l) index(es) held values, all answered"
