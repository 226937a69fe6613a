# What this host knows of the lease and of jobs that run, and under which names a run (RUN) knew it. Read-only.
# Gets ROOT. Comes behind job_lives.sh.
# An age is told in uptime: no clock that can be set has a say.
epoch=0
[ ! -s "$ROOT/epoch" ] || read -r epoch <"$ROOT/epoch"
echo "epoch=$epoch"
[ ! -f "$ROOT/lease" ] || cat "$ROOT/lease"
if [ -n "${RUN-}" ] && [ -f "$ROOT/$RUN/names" ]; then sed 's/^/name=/' "$ROOT/$RUN/names"; fi
read -r now _ </proc/uptime
if [ -s "$ROOT/beat" ]; then
  read -r heard at <"$ROOT/beat"
  [ "$at" != "$this_boot" ] || echo "silent=$((${now%.*} - ${heard%.*}))"
fi
for job in "$ROOT"/*/*/; do
  job=${job%/}
  if [ ! -f "$job/rc" ] && lives "$job"; then echo "job=${job#"$ROOT"/}"; fi
done
