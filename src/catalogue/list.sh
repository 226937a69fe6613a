# What each of NAMES below ROOT is. The manifest is sent without names and hashes of files and without
# CQL (a list needs none, and there may be hundreds), beside the hash of its whole text.
cd "$ROOT" || die "cannot enter $ROOT"
printf '%s\n' "$NAMES" | while IFS= read -r name; do
  # it may be gone by now
  if [ -z "$name" ] || [ ! -d "$name" ]; then continue; fi
  printf 'entry=%s\n' "$name"
  printf 'touched=%s\n' "$(stat -c %Y -- "$name")"
  manifest=$name/manifest.json
  if [ -f "$manifest.sha256" ]; then printf 'sum=%s\n' "$(head -n 1 "$manifest.sha256")"; fi
  if [ -f "$manifest" ]; then
    printf 'found=%s\n' "$(printf '%s\n' "$manifest" | hash_list | cut -d ' ' -f 1)"
    printf 'manifest=%s\n' "$(sed -E -e 's/\{"path":"[^"]*","size":([0-9]+),"sha256":"[0-9a-f]*"\}/{"size":\1}/g' \
      -e 's/"schema_cql":"([^"\\]|\\.)*"/"schema_cql":""/g' "$manifest" | base64 | tr -d '\n')"
  else
    printf 'kib=%s\n' "$(du -sk -- "$name" 2>/dev/null | cut -f 1)"
    # <table>/<files>, or <snapshot>/<table>/<files> of the vendor's tool
    written=$(find "$name" -mindepth 2 -maxdepth 3 -type f -name '*-Data.db' 2>/dev/null | head -n 1)
    if [ -n "$written" ]; then echo written=yes; fi
  fi
  for record in verified archived; do
    if [ -f "$name/$record.json" ]; then printf '%s=%s\n' "$record" "$(base64 <"$name/$record.json" | tr -d '\n')"; fi
  done
done
