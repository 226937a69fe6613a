# What is there under the backup's name; with $LISTED, all its files too: `file=kind<tab>size<tab>path`.
sum() { if [ -f "$FINAL/manifest.json.sha256" ]; then printf 'sum=%s\n' "$(head -n 1 "$FINAL/manifest.json.sha256")"; fi; }
if [ -f "$FINAL/manifest.json" ]; then
  echo state=whole
  sum
  printf 'manifest=%s\n' "$(base64 <"$FINAL/manifest.json" | tr -d '\n')"
  if [ -n "$LISTED" ]; then (cd "$FINAL" && find . ! -type d -exec stat -c "file=%F$tab%s$tab%n" -- {} +); fi
elif [ -e "$FINAL" ]; then
  echo "state=$FINAL holds no manifest.json"
  sum
elif [ -e "$PARTIAL" ]; then echo "state=$PARTIAL was never finished"
else echo state=missing; fi
