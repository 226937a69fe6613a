# What is kept about the last archive of FINAL, and the manifest that is there.
[ -f "$FINAL/archived.json" ] || die "$FINAL/archived.json is not there"
printf 'manifest=%s\n' "$(printf '%s\n' "$FINAL/manifest.json" | hash_list | cut -d ' ' -f 1)"
printf 'archived=%s\n' "$(base64 <"$FINAL/archived.json" | tr -d '\n')"
