# What was fetched and found right gets the backup's name, by one rename. May run again: it goes on where an
# earlier attempt ended.
if [ ! -e "$PARTIAL/in/$TAG" ]; then
  [ -f "$FINAL/manifest.json" ] || die "$PARTIAL/in/$TAG is not there"
  rm -rf -- "$PARTIAL" || die "cannot remove $PARTIAL"
  exit 0
fi
[ ! -e "$FINAL" ] || die "$FINAL exists already"
cd "$PARTIAL/in/$TAG" || die "cannot enter $PARTIAL/in/$TAG"
read -r bytes sum <"$PARTIAL/stream"
printf '{"v":1,"at":"%s","bytes":%.0f,"sha256":"%s","manifest_sha256":"%s"}\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
  "$bytes" "$sum" "$(printf '%s\n' manifest.json | hash_list | cut -d ' ' -f 1)" >archived.json || die "cannot write to $PARTIAL"
cd / && sync
rename "$PARTIAL/in/$TAG" "$FINAL"
sync
rm -rf -- "$PARTIAL" || die "cannot remove $PARTIAL"
