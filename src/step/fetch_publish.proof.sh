# The manifest of what was published, with its checksum before it.
if [ -e "$PARTIAL" ]; then die "$PARTIAL is still there"; fi
cat "$FINAL/manifest.json.sha256" && cat "$FINAL/manifest.json"
