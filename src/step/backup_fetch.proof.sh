# What was unpacked: the manifest, everything that is no directory (kind, size, path), and every file's hash.
cd "$PARTIAL/in/$TAG" || die "$PARTIAL/in/$TAG is not there"
printf 'sum=%s\n' "$(head -n 1 manifest.json.sha256)"
printf 'manifest=%s\n' "$(base64 <manifest.json | tr -d '\n')"
find . ! -type d -exec stat -c "file=%F$tab%s$tab%n" -- {} +
sed 's/^/hash=/' "$PARTIAL/hashes" || die "$PARTIAL/hashes is not there"
