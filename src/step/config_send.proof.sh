# Whether the stage holds the files, each named by its hash (SUMS).
stage=$ROOT/$RESEED_RUN/config/stage
cd "$stage" || die "there is no $stage"
found=$(printf '%s\n' "$SUMS" | sort -u | hash_list 2>/dev/null | awk '$1 == $2' | wc -l)
wanted=$(printf '%s\n' "$SUMS" | sort -u | wc -l)
[ "$found" -eq "$wanted" ] || die "of $wanted files only $found are on the stage as they were sent"
echo "$((wanted)) files on the stage"
