# The directories below ROOT, our own unfinished ones included: `name=NAME`. Links are not followed.
[ -d "$ROOT" ] || exit 0
cd "$ROOT" || die "cannot enter $ROOT"
for name in * .partial-* .pruned-*; do
  if [ -d "$name" ] && [ ! -L "$name" ]; then printf 'name=%s\n' "$name"; fi
done
