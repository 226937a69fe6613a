# Roles, the hashes of their passwords, and grants, through the operator's own encryption ($ENCRYPT, which
# reads its standard input) into the backup. Unencrypted they are in a pipe only, never on a disk, never
# printed. May run again.
work=$(mktemp -d) || die "no temporary directory"
refuse() { rm -rf -- "$work"; die "$1: $ENCRYPT"; }
printf '{"salted_hash": "reseed tries"}\n' | (cd / && sh -c "$ENCRYPT") >"$work/tried"
[ -s "$work/tried" ] || refuse "the command that encrypts gave nothing"
# packed or written otherwise is in clear to everybody; that a command is a weak cipher nobody can see
plain() { grep -q -a -F salted_hash; }
base64 -d <"$work/tried" >"$work/decoded" 2>/dev/null || :
for text in "$work/tried" "$work/decoded"; do
  if plain <"$text"; then refuse "the command does not encrypt"; fi
  for unpack in gzip bzip2 xz zstd; do
    if "$unpack" -dc <"$text" 2>/dev/null | plain; then refuse "the command only packs and does not encrypt"; fi
  done
done
# a role may have changed on other nodes just now
printf 'CONSISTENCY QUORUM;\nPAGING OFF;\n' >"$work/q.cql"
for table in roles role_members role_permissions; do
  printf 'SELECT JSON * FROM system_auth.%s;\n' "$table"
done >>"$work/q.cql"
rm -f -- "$ROLES"
{ cql "$work/q.cql" 2>"$work/errors" || : >"$work/failed"; } | (cd / && sh -c "$ENCRYPT") >"$ROLES" || : >"$work/failed"
why=$(tail -n 1 "$work/errors")
failed=
[ ! -e "$work/failed" ] || failed=yes
rm -rf "$work"
if [ -n "$failed" ]; then
  rm -f -- "$ROLES"
  die "roles cannot be read or encrypted: ${why:-$ENCRYPT failed}"
fi
