#!/bin/bash
# The written procedure, step by step, as a careful operator would script it: ssh with one
# connection per host, every command checked, each wait as short as it can be. Runs where the
# operator sits. Gets SSH_CONFIG, BACKUP (BACKUP_ROOT_DIR), RESTORE (the written restore script, with
# its variables filled in), KEYSPACE. Prints how long each kind of step took.
#
# With MENDED=yes what that procedure gets wrong is put right, as whoever knows of it would: hints go
# with the commit log, the directories of indexes (their names begin with a dot) are restored too, and a
# node is ready when every node before it sees it as UN and it serves clients. Nothing is checked.
set -euo pipefail
trap 'echo "*** the procedure failed in line $LINENO" >&2' ERR
data=/opt/cassandra/data
logs="$data/commitlog/* $data/saved_caches/*"
[ "${MENDED:-no}" = no ] || logs="$logs $data/hints/*"
seed=cass1
nodes=(cass1 cass2 cass3)
control=$(mktemp -d)
trap 'for node in "${nodes[@]}" gw1; do ssh -F "$SSH_CONFIG" -o ControlPath="$control/%h" -O exit "$node" 2>/dev/null || :; done; rm -rf "$control"' EXIT

on() {
  local host=$1
  shift
  ssh -F "$SSH_CONFIG" -o ControlMaster=auto -o ControlPersist=600 -o ControlPath="$control/%h" "$host" "$@"
}
now() { date +%s.%N; }
declare -A took
# step NAME COMMAND...: runs it and adds its time to that of its kind
step() {
  local name=$1 from
  shift
  from=$(now)
  "$@"
  took[$name]=$(awk -v so="${took[$name]:-0}" -v from="$from" -v to="$(now)" 'BEGIN { printf "%.3f", so + to - from }')
}
gateway() { on gw1 "runuser -u gateway -- /opt/Axway/apigateway/posix/bin/startinstance -n Instance1 -g Group1 $1"; }
# Up/Normal, as the procedure wants it seen before the next node
until_un() {
  local address node
  address=$(on "$1" "hostname -i | awk '{print \$1}'")
  if [ "${MENDED:-no}" = no ]; then
    until seen "$seed" "$address"; do sleep 1; done
    return
  fi
  until on "$1" "bash -c '</dev/tcp/$address/9042'" 2>/dev/null; do sleep 0.2; done
  for node in "${nodes[@]}"; do
    until seen "$node" "$address"; do sleep 1; done
    [ "$node" != "$1" ] || break
  done
}
seen() { on "$1" "nodetool status" 2>/dev/null | grep -q "^UN  $2 "; }
drain() { on "$1" "nodetool drain"; }
stop() { on "$1" "service cassandra stop"; }
start() {
  on "$1" "service cassandra start"
  until_un "$1"
}
indexes() {
  on "$seed" "cd $BACKUP/$KEYSPACE && for index in */.[!.]*/; do cp -a \"\$index\" $data/data/$KEYSPACE/\"\${index%%/*}\"-*/ || exit 1; done"
}

for node in "${nodes[@]}"; do on "$node" true; done

step clients gateway -k
for node in "${nodes[@]}"; do
  step drain drain "$node"
  step stop stop "$node"
done
step copy on "$seed" "rm -rf $logs"
step copy on "$seed" "cat >/tmp/restore.sh && echo y | bash /tmp/restore.sh" <"$RESTORE"
[ "${MENDED:-no}" = no ] || step copy indexes
# the script makes directories that belong to who runs it, and only root may read the backup
step copy on "$seed" "chown -R cassandra: $data/data/$KEYSPACE"
for node in cass2 cass3; do
  step copy on "$node" "rm -rf $logs $data/data/$KEYSPACE/*"
done
for node in "${nodes[@]}"; do step start start "$node"; done
for node in "${nodes[@]}"; do step repair on "$node" "nodetool repair -pr --full"; done
step clients gateway -d
for name in "${!took[@]}"; do printf 'STEP %s %s\n' "$name" "${took[$name]}"; done
