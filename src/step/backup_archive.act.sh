# Sends the backup FINAL as a tar of TAG/ to COMMAND, and keeps the sha256 and length of what went out
# beside it. Follows stream.sh. DIGEST: the manifest that was looked at, if one was; SUMS: then what every
# file must be (`sha256  path`), since it may be long ago that it was read. Files in order of their names: the
# same backup makes the same tar.
root=${FINAL%/*}
cd "$root" || die "cannot enter $root"
[ -f "$TAG/manifest.json" ] || die "$FINAL is no backup"
manifest=$(printf '%s\n' "$TAG/manifest.json" | hash_list | cut -d ' ' -f 1)
read -r wanted _ <"$TAG/manifest.json.sha256"
[ "$manifest" = "$wanted" ] || die "the manifest of $FINAL is damaged; nothing was sent"
[ "$manifest" = "${DIGEST:-$manifest}" ] || die "$FINAL is another backup than the one that was looked at"
renice -n 10 -p $$ >/dev/null 2>&1 || :

list=$RESEED_JOB/list
{
  printf '%s\n' "$TAG/manifest.json" "$TAG/manifest.json.sha256"
  find "$TAG" -mindepth 2 -type f | sort
  # of --with-roles; in no manifest: who encrypts also proves that it is whole
  [ ! -f "$TAG/roles.encrypted" ] || printf '%s\n' "$TAG/roles.encrypted"
} >"$list"
if [ -n "$SUMS" ]; then
  printf '%s\n' "$SUMS" | sort >"$list.want"
  (cd "$TAG" && sed -e 1,2d -e 's|^[^/]*/||' -e '/^roles\.encrypted$/d' "$list" | hash_list) | sort >"$list.got"
  if ! cmp -s "$list.want" "$list.got"; then
    bad=$(comm -3 "$list.want" "$list.got" | awk '{ print $2 }' | sort -u | head -n 3 | tr '\n' ' ')
    die "not as the manifest says: ${bad}(reseed backups verify $TAG); nothing was sent"
  fi
fi
total=$(xargs -r stat -c %s <"$list" | awk '{ s += 512 + 512 * int(($1 + 511) / 512) } END { printf "%.0f", s }')

open_tap "$total"
{ tar -c -f - -T "$list"; echo "$?" >"$tap/tar"; } | tapped | operator >&2
rc=$?
close_tap
[ "$rc" = 0 ] || die "the archive command ended with $rc; the backup itself is whole: $FINAL"
if [ "$(ended cat)" != 0 ]; then die "the archive command ended with 0, but before it had read everything; the backup itself is whole: $FINAL"; fi
[ "$(ended tar)" = 0 ] || die "tar ended with $(ended tar): what was sent is not whole; reseed backups verify $TAG"

new=$FINAL/.archived.json
printf '{"v":1,"at":"%s","bytes":%.0f,"sha256":"%s","manifest_sha256":"%s"}\n' \
  "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$bytes" "$sum" "$manifest" >"$new" || die "it was sent, but $new cannot be written"
mv -- "$new" "$FINAL/archived.json" || die "it was sent, but $FINAL/archived.json cannot be written"
rm -rf -- "$tap" "$list" "$list.want" "$list.got"
echo "$sum"
