# Puts the manifest together from what the plan knows (HEAD, KEYSPACE_HEADS, TABLE_HEADS: JSON
# without the closing brace) and what was measured here, and gives the backup its name.
# May run again: it goes on where an earlier attempt ended. PARTIAL goes only by the last rename.
if [ -e "$FINAL" ] && [ ! -e "$PARTIAL" ]; then exit 0; fi
[ ! -e "$FINAL" ] || die "$FINAL exists already"
cd "$PARTIAL" || die "no $PARTIAL"
work=.work
if [ ! -e $work ] && [ -s manifest.json.sha256 ]; then
  cd / && sync
  rename "$PARTIAL" "$FINAL"
  sync
  exit 0
fi
printf '%s\n' "$KEYSPACE_HEADS" >$work/keyspace-heads
printf '%s\n' "$TABLE_HEADS" >$work/table-heads
for keyspace in $KEYSPACES; do
  # `size path` of every file, then `keyspace table sha size path`
  (cd "$keyspace" && find . -type f | sed 's|^\./||' | sort | xargs -r stat -c '%s %n') >$work/sizes
  awk -v k="$keyspace" 'NR == FNR { size[$2] = $1; next }
    { table = path = $2; sub("/.*", "", table); sub("[^/]*/", "", path)
      print k "\t" table "\t" $1 "\t" size[$2] "\t" path }' $work/sizes "$work/$keyspace.copy"
done >$work/files
awk '/^[ \t]*Keyspace ?:/ { k = $NF } /^[ \t]*Table: / { t = $NF } /^[ \t]*Table \(index\)/ { t = "" }
  /Number of (partitions|keys) \(estimate\)/ { if (t != "" && $NF + 0 >= 0) print k "\t" t "\t" $NF + 0 }' \
  $work/tablestats >$work/estimates
{
  printf '{%s,"taken_at":"%s","keyspaces":[' "$HEAD" "$(cat $work/taken_at)"
  awk -F '\t' -v work="$work" 'BEGIN {
      while ((getline line < (work "/estimates")) > 0) { split(line, f, "\t"); rows[f[1] "\t" f[2]] = f[3] }
      while ((getline line < (work "/files")) > 0) {
        split(line, f, "\t"); key = f[1] "\t" f[2]
        files[key] = files[key] (files[key] == "" ? "" : ",") "\n{\"path\":\"" f[5] "\",\"size\":" f[4] ",\"sha256\":\"" f[3] "\"}"
      }
      while ((getline line < (work "/table-heads")) > 0) {
        if (line == "") continue
        k = line; sub("\t.*", "", k); rest = substr(line, length(k) + 2)
        t = rest; sub("\t.*", "", t); head = substr(rest, length(t) + 2)
        estimate = ((k "\t" t) in rows) ? rows[k "\t" t] : 0
        tables[k] = tables[k] (tables[k] == "" ? "" : ",") "\n" head ",\"rows_estimate\":" estimate ",\"files\":[" files[k "\t" t] "]}"
      }
      sep = ""
      while ((getline line < (work "/keyspace-heads")) > 0) {
        k = line; sub("\t.*", "", k); head = substr(line, length(k) + 2)
        printf "%s\n%s,\"tables\":[%s]}", sep, head, tables[k]; sep = ","
      }
    }'
  printf ']}\n'
} >$work/manifest.json || die "cannot write the manifest"
cp $work/manifest.json manifest.json || die "cannot place the manifest"
printf '%s\n' manifest.json | hash_list >manifest.json.sha256 || die "cannot hash the manifest"
rm -rf $work
cd / && sync
rename "$PARTIAL" "$FINAL"
sync
