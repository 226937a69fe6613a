# Describes DIR as the written scripts leave it (a directory per table), for an import. Read-only.
# DIR may be one above, as the vendor's tool makes it (<name>/<snapshot>/<table>).
[ -d "$DIR" ] || { printf 'wrong=%s is not there, or is no directory\n' "$DIR"; exit 0; }
cd "$DIR" || die "cannot enter $DIR"
holds() { [ -n "$(find . -mindepth "$1" -maxdepth "$1" -type f \( -name '*-Data.db' -o -name manifest.json \) | head -n 1)" ]; }
if ! holds 2 && holds 3; then
  set -- */
  if [ "$#" -ne 1 ]; then
    printf 'wrong=%s holds several snapshots (%s): name one of them\n' "$DIR" "$*"
    exit 0
  fi
  cd "$1" || die "cannot enter $DIR/$1"
fi
printf 'dir=%s\n' "$(pwd)"
for table in * .[!.]*; do
  if [ -L "$table" ]; then printf 'wrong=%s/%s is a symbolic link\n' "$(pwd)" "$table"
  elif [ -d "$table" ]; then printf 'table=%s\n' "$table"
  fi
done
find . -mindepth 2 ! -type d -exec stat -c "file=%F$tab%s$tab%Y$tab%n" -- {} + | sed "s|$tab\\./|$tab|"
find . -mindepth 2 -maxdepth 3 -type f -name '*-TOC.txt' | sed 's|^\./||' | while IFS= read -r toc; do
  printf 'toc=%s\t%s\n' "$toc" "$(tr -s '\r\n' '  ' <"$toc")"
done
for listed in */manifest.json; do
  if [ -f "$listed" ]; then printf 'listed=%s\t%s\n' "${listed%/*}" "$(base64 <"$listed" | tr -d '\n')"; fi
done
