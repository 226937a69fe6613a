# Asks every index of the keyspace for a value that the table holds; an index that lost its data
# answers nothing. INDEXES: `name<tab>table<tab>column<tab>part<tab>custom`, table and column quoted for CQL already;
# part: `whole` value, or `keys`, `values`, `entries` of a collection; custom: one that may answer no question for a
# value (of words in a text, say), else nothing: of any other one Cassandra's refusal is a failure.
work=$(mktemp -d) || die "no temporary directory"
printf 'CONSISTENCY ONE;\nPAGING OFF;\n' >"$work/rows.cql"
printf '%s\n' "$INDEXES" | while IFS="$tab" read -r _ table column _; do
  printf 'SELECT JSON %s AS v FROM %s LIMIT 100;\n' "$column" "$table"
done >>"$work/rows.cql"
cql "$work/rows.cql" >"$work/rows" || { rm -rf "$work"; die "cannot read the tables"; }
# the first value of each result that is not null, of a collection its first part: for a map key<tab>value;
# cqlsh doubles backslashes, CQL doubles quotes
awk '/^ *\[json\]/ { n++ } /^ *\{"v": / { v = $0; sub(/^ *\{"v": /, "", v); sub(/\} *$/, "", v)
  if (v != "null" && !(n in seen)) { seen[n] = 1; print n "\t" v } }' "$work/rows" |
  sed -e 's/\\\\/\\/g' >"$work/whole"
printf '%s\n' "$INDEXES" | cut -f 4 >"$work/parts"
awk '
  # where the JSON value ends that begins at i: at the sign behind it
  function end(s, i,   c, depth, quoted) {
    for (; i <= length(s); i++) {
      c = substr(s, i, 1)
      if (quoted) { if (c == "\\") i++; else if (c == "\"") quoted = 0 }
      else if (c == "\"") quoted = 1
      else if (c == "[" || c == "{") depth++
      else if (depth == 0 && index(",:]}", c)) return i
      else if (c == "]" || c == "}") depth--
    }
    return i
  }
  NR == FNR { part[FNR] = $0; next }
  {
    tab = index($0, "\t"); n = substr($0, 1, tab - 1); v = substr($0, tab + 1)
    if (part[n] == "whole") { print n "\t" v; next }
    stop = end(v, 2); first = substr(v, 2, stop - 2)
    if (first == "") next
    if (substr(v, stop, 1) != ":") { print n "\t" first; next }
    value = substr(v, stop + 1, end(v, stop + 1) - stop - 1)
    sub(/^ /, "", value)
    if (part[n] == "keys") print n "\t" first
    else if (part[n] == "values") print n "\t" value
    else print n "\t" first "\t" value
  }' "$work/parts" "$work/whole" | sed "s/'/''/g" >"$work/values"
n=0 k=0
printf 'CONSISTENCY ONE;\nPAGING OFF;\n' >"$work/ask.cql"
: >"$work/custom"
printf '%s\n' "$INDEXES" | while IFS="$tab" read -r name table column part custom; do
  n=$((n + 1))
  value=$(grep "^$n$tab" "$work/values" | cut -f 2-)
  if [ -n "$value" ]; then
    case $part in
      keys) where="$column CONTAINS KEY fromJson('$value')" ;;
      values) where="$column CONTAINS fromJson('$value')" ;;
      entries) where="${column}[fromJson('${value%%"$tab"*}')] = fromJson('${value#*"$tab"}')" ;;
      *) where="$column = fromJson('$value')" ;;
    esac
    printf 'SELECT JSON %s AS v FROM %s WHERE %s LIMIT 1;\n' "$column" "$table" "$where" >>"$work/ask.cql"
    printf '%s\n' "$name"
    k=$((k + 1))
    [ -z "$custom" ] || printf '%s\n' "$k" >>"$work/custom"
  fi
done >"$work/asked"
asked=$(wc -l <"$work/asked")
unasked=
if [ "$asked" -gt 0 ]; then
  if ! cql "$work/ask.cql" >"$work/answers" 2>"$work/errors"; then
    # its line tells which question was refused, behind the first two
    sed -n 's/.*ask\.cql:\([0-9]*\):InvalidRequest: .*/\1/p' "$work/errors" | awk '{ print $1 - 2 }' >"$work/refused"
    if [ ! -s "$work/refused" ] || grep -v ':InvalidRequest: ' "$work/errors" | grep -q '\.cql:[0-9]*:' ||
      grep -v -q -x -F -f "$work/custom" "$work/refused"; then
      cat "$work/errors" >&2
      rm -rf "$work"
      die "an index query failed"
    fi
    awk 'NR == FNR { no[$1] = 1; next } !(FNR in no)' "$work/refused" "$work/asked" >"$work/allowed"
    unasked=$(wc -l <"$work/refused")
    mv -f -- "$work/allowed" "$work/asked"
    asked=$(wc -l <"$work/asked")
  fi
else : >"$work/answers"; fi
good=$(grep -c '^ *{"v": ' "$work/answers")
if [ "$((good))" -ne "$((asked))" ]; then
  bad=$(awk '/^ *\[json\]/ { n++ } /^ *\{"v": / { hit[n] = 1 } END { for (i = 1; i <= n; i++) if (!(i in hit)) print i }' "$work/answers" |
    while IFS= read -r i; do sed -n "${i}p" "$work/asked"; done | tr '\n' ' ')
  rm -rf "$work"
  die "no answer from index ${bad}although the table holds the value"
fi
rm -rf "$work"
echo "$((good)) of $(printf "%s\n" "$INDEXES" | wc -l) index(es) held values, all answered${unasked:+; $((unasked)) cannot be asked for a value}"
