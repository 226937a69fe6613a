# Whether all FILES and LINKS are as they were.
printf '%s\n' "$FILES" | while IFS="$tab" read -r hash mode uid user gid group _ label path; do
  [ -n "$path" ] || continue
  same "$hash" "$mode" "$uid" "$user" "$gid" "$group" "$label" "$path" || die "$path is not as it was in the backup"
done || exit 1
number=0
printf '%s\n' "$LINKS" | while IFS="$tab" read -r _ _ _ _ _ _ _ _ path; do
  [ -n "$path" ] || continue
  number=$((number + 1))
  to=$(printf '%s\n' "$TARGETS" | sed -n "${number}p")
  [ "$(readlink -- "$path")" = "$to" ] || die "$path does not lead to $to"
done || exit 1
echo "all as in the backup"
