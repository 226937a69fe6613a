# Roles, the hashes of their passwords, and grants, through the operator's own encryption ($ENCRYPT, which
# reads its standard input) into the backup. Unencrypted they are in a pipe only, never on a disk, never
# printed. May run again.
case $(printf '{"salted_hash": "reseed tries"}\n' | (cd / && sh -c "$ENCRYPT") | tr -d '\0') in
  '') die "the command that encrypts gave nothing: $ENCRYPT" ;;
  *salted_hash*) die "the command does not encrypt: $ENCRYPT" ;;
esac
work=$(mktemp -d) || die "no temporary directory"
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
