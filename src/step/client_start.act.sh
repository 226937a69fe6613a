run_command "$START" || die "the start command failed with exit code $?: $START"
