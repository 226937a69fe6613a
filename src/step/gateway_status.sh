# rc of `startinstance -s`: 0 running, 1 not. EXPECT: running | stopped.
cd "${STARTINSTANCE%/*}" || die "no ${STARTINSTANCE%/*}"
rc=0
as_user "$RUN_AS" "$STARTINSTANCE" -s -n "$INSTANCE" -g "$GROUP" >/dev/null 2>&1 || rc=$?
case $rc in 0) is=running ;; 1) is=stopped ;; *) echo "startinstance -s answered $rc" >&2; exit 2 ;; esac
[ "$is" = "$EXPECT" ] || die "instance $INSTANCE is $is"
echo "instance $INSTANCE is $is"
