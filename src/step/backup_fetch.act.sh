# Unpacks the tar that COMMAND prints into PARTIAL/in, and hashes every file of it. Follows stream.sh. Whatever
# is no archive of TAG leaves nothing behind. May run again: it starts anew.
[ ! -e "$FINAL" ] || die "$FINAL exists already"
case $FINAL in */"$TAG") ;; *) die "$FINAL is not that of $TAG" ;; esac
refuse() { rm -rf -- "$PARTIAL"; die "$*; nothing of it was kept"; }
rm -rf -- "$PARTIAL"
in=$PARTIAL/in
ours "$in"

# A tar may hold a link and then a file through it. Those of today (GNU, busybox since 1.28, bsdtar) stay
# inside; that this one does is tried with such a tar, not believed: a link to .., a file through it, and ../above.
hostile=H4sIAAAAAAACA8vJzMtmoDEwAAJzc3MwDQToNBa2mbmZAYOCkZ4eA81BaXFJYhHQSoaRCXKA8a9fklGUX5qeQcv4NzMxIT7+DQ2MzI0ZFOgSJyM8/vX09BOT8stSaZ3/SYp/A3NDM9PR+B8Fo2AUjAJaAgDFxxOAAAoAAA==
trial=$RESEED_JOB/trial
rm -rf -- "$trial"
mkdir -p -- "$trial/in"
printf '%s\n' "$hostile" | base64 -d | gzip -dc >"$trial/tar" || refuse "cannot try what tar does here: base64 or gzip failed"
tar -x -o -f "$trial/tar" -C "$trial/in" >/dev/null 2>&1
if [ -e "$trial/through" ] || [ -e "$trial/above" ]; then refuse "tar on this host writes outside of the directory that it unpacks into: a newer one is needed"; fi
rm -rf -- "$trial"

open_tap 0
# -o: ours, whoever the tar says. When it is whole, what follows is read to the end: only then the
# command's own exit code is known.
{ operator </dev/null; echo "$?" >"$tap/command"; } | tapped | {
  tar -x -o -f - -C "$in" 2>"$tap/words"
  rc=$?
  echo "$rc" >"$tap/tar"
  [ "$rc" != 0 ] || cat >/dev/null
}
close_tap
cat "$tap/words" >&2
command=$(ended command)
[ "$bytes" != 0 ] || refuse "the command gave nothing and ended with $command"
if [ "$(ended tar)" != 0 ]; then
  why="what the command gave is not a whole tar ($bytes bytes; $(head -n 1 "$tap/words"))"
  case $command in 0 | 141) refuse "$why" ;; *) refuse "the command ended with $command, and $why" ;; esac
fi
[ "$command" = 0 ] || refuse "the command ended with $command, after $bytes bytes that are a whole tar: it is not to be trusted"

found=$(find "$in" -mindepth 1 -maxdepth 1 | sed 's|.*/||' | sort | head -n 3 | tr '\n' ' ')
if [ "$found" != "$TAG " ] || [ -L "$in/$TAG" ] || [ ! -d "$in/$TAG" ]; then refuse "the archive holds ${found:-nothing }instead of the one directory $TAG"; fi
cd "$in/$TAG" || refuse "cannot enter $in/$TAG"
# what was kept about the backup where it was made
rm -f -- verified.json archived.json
odd=$(find . ! -type d ! -type f | head -n 1)
[ -z "$odd" ] || refuse "the archive holds $TAG/${odd#./}, which is neither a file nor a directory"
odd=$(find . -type f -links +1 | head -n 1)
[ -z "$odd" ] || refuse "the archive holds $TAG/${odd#./} as a hard link"
odd=$({
  find . -mindepth 1 -type d | grep -v -E '^\./[A-Za-z0-9_]+(/[A-Za-z0-9_]+(/\.[A-Za-z0-9_-]+)?)?$'
  find . -type f | grep -v -E '^\./(manifest\.json(\.sha256)?|roles\.encrypted|[A-Za-z0-9_]+/[A-Za-z0-9_]+/(\.[A-Za-z0-9_-]+/)?[A-Za-z0-9_.+=-]+)$'
} | head -n 1)
[ -z "$odd" ] || refuse "the archive holds $TAG/${odd#./}, which belongs to no backup"
for name in manifest.json manifest.json.sha256; do [ -f "$name" ] || refuse "the archive holds no $TAG/$name"; done
if ! find . -type d -exec chmod 700 {} + || ! find . -type f -exec chmod 600 {} +; then refuse "cannot set modes in $in"; fi

find . -type f | sed 's|^\./||' | sort | hash_list >"$PARTIAL/hashes" || refuse "cannot read what was unpacked"
printf '%s %s\n' "$bytes" "$sum" >"$PARTIAL/stream"
rm -rf -- "$tap"
printf '%.0f bytes, sha256 %s\n' "$bytes" "$sum"
