[ -s "$ROLES" ] || die "$ROLES is not there, or empty"
if grep -q -a -F salted_hash "$ROLES"; then die "$ROLES is not encrypted"; fi
echo "roles, hashes and grants, encrypted: $(wc -c <"$ROLES") bytes"
