# Removes the run's own stage.
stage=$ROOT/$RESEED_RUN/config/stage
rm -rf -- "$stage" || die "cannot remove $stage"
echo "no stage is left"
