#!/bin/sh
# Starts Cassandra in the background, as the real bin/cassandra does without -f.
#
#   cassandra [-f] [-p PIDFILE]
#
# The jars have no bin/; JVM flags are those that run every version from 2.2 to
# 5.0 on JDK 17 with a small heap, and skip the waits that only a slow network
# needs. conf/lab-jvm.options and conf/lab-opens.options hold them, one a line.
set -eu

home=${CASSANDRA_HOME:-/opt/cassandra}
conf=${CASSANDRA_CONF:-$home/conf}
pidfile='' foreground=''
while getopts fp: option; do
    case $option in
    f) foreground=yes ;;
    p) pidfile=$OPTARG ;;
    *) exit 2 ;;
    esac
done

# Spelled out on the command line, as a real start has them, not as @file.
set --
for file in lab-jvm.options lab-opens.options; do
    while read -r flag; do
        case $flag in
        '' | '#'*) ;;
        *) set -- "$@" "$flag" ;;
        esac
    done <"$conf/$file"
done
for jamm in "$home"/lib/jamm-*.jar; do set -- "$@" "-javaagent:$jamm"; done
set -- "$@" "-Dcassandra.storagedir=$home/data" "-Dcassandra.config=file://$conf/cassandra.yaml" \
    "-Dlogback.configurationFile=$conf/logback.xml" "-Dcassandra.logdir=$home/logs"

cd "$home"
if [ -n "$foreground" ]; then
    if [ -n "$pidfile" ]; then printf '%s\n' $$ >"$pidfile"; fi
    exec java "$@" -Dcassandra-foreground=yes -cp "$conf:$home/lib/*" \
        org.apache.cassandra.service.CassandraDaemon
fi
setsid java "$@" -cp "$conf:$home/lib/*" org.apache.cassandra.service.CassandraDaemon \
    </dev/null >>"$home/logs/stdout.log" 2>&1 &
if [ -n "$pidfile" ]; then printf '%s\n' $! >"$pidfile"; fi
