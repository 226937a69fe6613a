#!/bin/sh
# A stand-in for the stop of Cassandra.
. "${0%/*}/../host"
echo stop >>"$here/done"
pid=$(cat "$here/pid" 2>/dev/null)
rm -f "$shared/up/$name"
[ -n "$pid" ] || exit 0
kill "$pid" 2>/dev/null
while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
rm -f "$here/pid"
