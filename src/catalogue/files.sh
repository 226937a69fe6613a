# Everything in the backup FINAL that is no directory: `kind<tab>size<tab>path`.
cd "$FINAL" || die "cannot enter $FINAL"
find . ! -type d -exec stat -c "%F$tab%s$tab%n" -- {} +
