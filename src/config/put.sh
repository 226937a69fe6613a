# One part of a file comes to the stage, as base64 in RESEED_SECRET: what it holds is nobody's to read on the way.
# SUM names the file, NUMBER the part, SIZE the parts' size. May come twice: it is written to its own place.
stage=$ROOT/$RESEED_RUN/config/stage
mkdir -p -- "$stage" || die "cannot make $stage"
printf '%s' "$RESEED_SECRET" | base64 -d | dd of="$stage/$SUM" bs="$SIZE" seek="$NUMBER" conv=notrunc 2>/dev/null ||
  die "cannot write $stage/$SUM"
