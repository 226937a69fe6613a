rc=0
run_command "$STATUS" >/dev/null 2>&1 || rc=$?
case $rc in 0) is=running ;; 1|2|3|4) is=stopped ;; *) echo "the status command answered $rc" >&2; exit 2 ;; esac
[ "$is" = "$EXPECT" ] || die "it is $is"
echo "$is"
