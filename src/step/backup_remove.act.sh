# Deletes the backup NAME below ROOT. It is renamed first: half of a backup must not be taken for a
# whole one. DIGEST: its manifest's, when it has one; another backup of that name is left alone. May run
# again: it deletes what is left.
case $NAME in '' | . | .. | */*) die "no name of a backup: $NAME" ;; esac
from=$ROOT/$NAME
gone=$ROOT/.pruned-$TAG
if [ "$from" != "$gone" ] && { [ -e "$from" ] || [ -L "$from" ]; }; then
  if [ -L "$from" ] || [ ! -d "$from" ]; then die "$from is no directory"; fi
  if [ -n "$DIGEST" ]; then
    now=$(printf '%s\n' "$from/manifest.json" | hash_list | cut -d ' ' -f 1)
    [ "$now" = "$DIGEST" ] || die "$from is not the backup that was to be deleted: its manifest is another one"
  fi
  if [ -e "$gone" ]; then rm -rf -- "$gone" || die "cannot delete $gone"; fi
  rename "$from" "$gone"
  sync
fi
[ -e "$gone" ] || exit 0
kib=$(du -sk -- "$gone" 2>/dev/null | cut -f 1)
rm -rf -- "$gone" || die "cannot delete $gone"
sync
printf 'freed=%.0f\n' "$((${kib:-0} * 1024))"
