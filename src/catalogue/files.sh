# Everything in the backup FINAL that is no directory: `kind<tab>size<tab>path`; but not what a
# verification or an archive that was cut short left half written.
cd "$FINAL" || die "cannot enter $FINAL"
find . ! -type d ! -path ./.verified.json ! -path ./.archived.json -exec stat -c "%F$tab%s$tab%n" -- {} +
