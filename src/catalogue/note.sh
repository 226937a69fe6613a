# Keeps TEXT, what a verification found, beside the backup FINAL.
[ -d "$FINAL" ] || die "$FINAL is not there"
printf '%s\n' "$TEXT" >"$FINAL/.verified.json" && mv -- "$FINAL/.verified.json" "$FINAL/verified.json" ||
  { rm -f -- "$FINAL/.verified.json"; die "cannot write to $FINAL"; }
