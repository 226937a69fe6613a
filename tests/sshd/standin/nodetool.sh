#!/bin/sh
# A stand-in for nodetool: says what a small cluster would say, and keeps its state in files.
# The host's own file tells where: here, shared, name, address, host_id, native.
. "${0%/*}/../host"

pid=$(cat "$here/pid" 2>/dev/null)
if [ -z "$pid" ] || ! kill -0 "$pid" 2>/dev/null; then
  echo "nodetool: Failed to connect to '127.0.0.1:7199' - ConnectException: 'Connection refused'." >&2
  exit 1
fi
mode=$(cat "$here/mode")
note() { echo "$*" >>"$here/done"; }
close_native() {
  kill -USR1 "$pid"
  while [ -e "$here/native-open" ]; do sleep 0.01; done
}

command=$1
shift
case $command in
  info)
    active=false
    [ ! -e "$here/native-open" ] || active=true
    printf 'ID                     : %s\nGossip active          : true\nNative Transport active: %s\n' "$host_id" "$active"
    printf 'Load                   : 145.77 KiB\nUptime (seconds)       : 61\nData Center            : datacenter1\nRack                   : rack1\n'
    ;;
  status)
    printf 'Datacenter: datacenter1\n=======================\nStatus=Up/Down\n|/ State=Normal/Leaving/Joining/Moving\n'
    printf -- '--  Address    Load        Tokens  Owns (effective)  Host ID                               Rack\n'
    while read -r other address id; do
      letters=DN
      if [ "$other" = "$name" ] || [ -e "$shared/up/$other" ]; then letters=UN; fi
      printf '%s  %s  145.77 KiB  4       100.0%%            %s  rack1\n' "$letters" "$address" "$id"
    done <"$shared/ring"
    ;;
  gossipinfo)
    while read -r other address id; do
      printf '/%s\n  generation:1719838293\n  heartbeat:312\n  STATUS:20:NORMAL,-1076411383834873226\n' "$address"
      printf '  SCHEMA:41:59adb24e-f3cd-3e02-97f0-5b395827453f\n  DC:8:datacenter1\n  RELEASE_VERSION:5:4.1.10\n'
      printf '  HOST_ID:2:%s\n  RPC_READY:44:true\n' "$id"
    done <"$shared/ring"
    ;;
  describecluster)
    printf 'Cluster Information:\n\tName: Stand In\n\tSnitch: org.apache.cassandra.locator.SimpleSnitch\n'
    printf '\tPartitioner: org.apache.cassandra.dht.Murmur3Partitioner\n\tSchema versions:\n'
    up=$(while read -r other address id; do [ ! -e "$shared/up/$other" ] || printf '%s, ' "$address"; done <"$shared/ring")
    down=$(while read -r other address id; do [ -e "$shared/up/$other" ] || printf '%s, ' "$address"; done <"$shared/ring")
    printf '\t\t59adb24e-f3cd-3e02-97f0-5b395827453f: [%s]\n\n' "${up%, }"
    [ -z "$down" ] || printf '\t\tUNREACHABLE: [%s]\n\n' "${down%, }"
    printf 'Stats for all nodes:\n\tLive: 3\n'
    ;;
  netstats) printf 'Mode: %s\nNot sending any streams.\n' "$mode" ;;
  disablebinary) note disablebinary; close_native ;;
  replaybatchlog) ;;
  drain)
    note drain
    close_native
    rm -f "$shared/up/$name"
    echo DRAINED >"$here/mode"
    echo "INFO  [main] 2026-01-01 00:00:00,000 StorageService.java:1 - DRAINED" >>"$here/cassandra/logs/system.log"
    ;;
  repair)
    for keyspace in "$@"; do :; done
    while read -r other address id; do
      # -hosts: only these need to be up
      case $* in *-hosts*) case " $* " in *" -hosts $address "*) ;; *) continue ;; esac ;; esac
      [ -e "$shared/up/$other" ] || { echo "Endpoint not alive: /$address:7000" >&2; exit 1; }
    done <"$shared/ring"
    if [ "$keyspace" = system_auth ]; then
      echo "[x] Replication factor is 1. No repair is needed for keyspace 'system_auth'"
      exit 0
    fi
    case " $* " in
      *" --preview "*)
        same=yes
        for table in "$here/data/$keyspace"/*/; do
          table=${table%/}
          while read -r other address id; do
            case $* in *-hosts*) case " $* " in *" -hosts $address "*) ;; *) continue ;; esac ;; esac
            cmp -s "$shared/../host${other#cass}/data/$keyspace/${table##*/}/nb-1-big-Data.db" "$table/nb-1-big-Data.db" || same=
          done <"$shared/ring"
        done
        printf '[x] Starting repair command #2 (5a1d), repairing keyspace %s with repair options (previewKind: ALL)\n' "$keyspace"
        if [ -n "$same" ]; then echo "[x] Previewed data was in sync"
        else printf 'Total estimated streaming: 1 ranges, 1 sstables, 585B bytes\n%s.plain - 1 ranges, 1 sstables, 585B bytes\n' "$keyspace"; fi
        echo "[x] Repair preview completed successfully"
        exit 0
        ;;
    esac
    note "repair $keyspace"
    # an empty table is filled from the seed, which holds all of it
    for table in "$here/data/$keyspace"/*/; do
      table=${table%/}
      [ -z "$(find "$table" -type f)" ] || continue
      cp -p "$shared/../host1/data/$keyspace/${table##*/}"/*.* "$table/"
    done
    printf '[x] Starting repair command #1 (5a1c), repairing keyspace %s with repair options (primary range: true)\n' "$keyspace"
    printf '[x] Repair session 5b2d for range [(-1,2]] finished (progress: 45%%)\n[x] Repair completed successfully\n'
    ;;
  getstreamthroughput)
    rate=$(cat "$here/stream-rate" 2>/dev/null)
    case ${rate:-24} in 0) echo "Current stream throughput: unlimited" ;; *) echo "Current stream throughput: ${rate:-24}.0 MiB/s" ;; esac
    ;;
  setstreamthroughput)
    [ "$1" != -m ] || shift
    note "setstreamthroughput $1"
    echo "$1" >"$here/stream-rate"
    ;;
  snapshot)
    [ "$1" = -t ] || exit 1
    tag=$2
    shift 2
    note "snapshot $tag"
    for keyspace in "$@"; do
      for table in "$here/data/$keyspace"/*/; do
        mkdir -p "${table}snapshots"
        mkdir "${table}snapshots/$tag" || { echo "error: snapshot $tag exists" >&2; exit 1; }
        ln "$table"*.* "${table}snapshots/$tag/"
      done
    done
    ;;
  clearsnapshot) note clearsnapshot; rm -rf "$here/data"/*/*/snapshots/"$2" ;;
  tablestats) printf 'Keyspace : %s\n\tTable: plain\n\tNumber of partitions (estimate): 42\n' "$1" ;;
  *) echo "nodetool: the stand-in does not know $command" >&2; exit 2 ;;
esac
