# Keeps TEXT, what a verification found, beside the backup FINAL.
[ -d "$FINAL" ] || die "$FINAL is not there"
new=$FINAL/.verified.json
if printf '%s\n' "$TEXT" >"$new" && mv -- "$new" "$FINAL/verified.json"; then exit 0; fi
rm -f -- "$new"
die "cannot write to $FINAL"
