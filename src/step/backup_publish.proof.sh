cat "$FINAL/manifest.json.sha256" && cat "$FINAL/manifest.json"
