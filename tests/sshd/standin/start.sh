#!/bin/sh
# A stand-in for the start of Cassandra: refuses a guard file as Cassandra does, and writes a commit log.
. "${0%/*}/../host"
echo start >>"$here/done"
log=$here/cassandra/logs/system.log
if [ -e "$here/data/RESEED-RUN-IN-PROGRESS.db" ]; then
  echo "ERROR [main] 2026-01-01 00:00:00,000 CassandraDaemon.java:1 - unreadable: RESEED-RUN-IN-PROGRESS.db" >>"$log"
  exit 0
fi
echo "INFO  [main] 2026-01-01 00:00:00,000 YamlConfigurationLoader.java:1 - Configuration location: file:$here/cassandra/conf/cassandra.yaml" >>"$log"
# what an old commit log would do to restored tables
if [ -n "$(ls "$here/commitlog")" ]; then
  for table in "$here"/data/ks1/*/; do echo replayed >"${table}nb-9-big-Data.db"; done
fi
echo NORMAL >"$here/mode"
rm -f "$here/stream-rate"
echo "a commit log" >"$here/commitlog/CommitLog-7-1.log"
setsid "${0%/*}/java" "${0%/*}/daemon.pl" org.apache.cassandra.service.CassandraDaemon \
  "$here" "$shared/up/$name" "$native" "$storage" "$here/cassandra/lib/apache-cassandra-4.1.10.jar" </dev/null >>"$log" 2>&1 &
