# What is there under the backup's name; with $LISTED, all its files too: `file=kind<tab>size<tab>path`.
if [ -e "$FINAL/manifest.json" ]; then
  echo state=whole
  printf 'sum=%s\n' "$(head -n 1 "$FINAL/manifest.json.sha256" 2>/dev/null)"
  printf 'manifest=%s\n' "$(base64 <"$FINAL/manifest.json" | tr -d '\n')"
  if [ -n "$LISTED" ]; then (cd "$FINAL" && find . ! -type d -exec stat -c "file=%F$tab%s$tab%n" -- {} +); fi
elif [ -e "$FINAL" ]; then
  echo "state=$FINAL holds no manifest.json"
  if [ -e "$FINAL/manifest.json.sha256" ]; then printf 'sum=%s\n' "$(head -n 1 "$FINAL/manifest.json.sha256")"; fi
elif [ -e "$PARTIAL" ]; then echo "state=$PARTIAL was never finished"
else echo state=missing; fi
