# What this host knows of the lease and of jobs that run. Read-only. Gets ROOT.
# An age is told in uptime: no clock that can be set has a say.
alive() {
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
  # shellcheck disable=SC2086 # words are what we want
  set -- "$2" ${line##*) }
  [ "$2" != Z ] && [ "${21}" = "$1" ]
}
epoch=0
[ ! -s "$ROOT/epoch" ] || read -r epoch <"$ROOT/epoch"
echo "epoch=$epoch"
[ ! -f "$ROOT/lease" ] || cat "$ROOT/lease"
read -r boot </proc/sys/kernel/random/boot_id
read -r now _ </proc/uptime
if [ -s "$ROOT/beat" ]; then
  read -r heard at <"$ROOT/beat"
  [ "$at" != "$boot" ] || echo "silent=$((${now%.*} - ${heard%.*}))"
fi
for pid in "$ROOT"/*/*/pid; do
  job=${pid%/pid}
  if [ ! -s "$pid" ] || [ -f "$job/rc" ]; then continue; fi
  read -r number start at <"$pid"
  if [ "$at" = "$boot" ] && alive "$number" "$start"; then echo "job=${job#"$ROOT"/}"; fi
done
