#!/bin/sh
# nodetool of the lab: the real one, through a launcher that 3.11 needs on JDK 17.
set -eu

home=${CASSANDRA_HOME:-/opt/cassandra}
conf=${CASSANDRA_CONF:-$home/conf}
main=org.apache.cassandra.tools.NodeTool
if [ -e "$home/tools/LabNodeTool.class" ]; then main=LabNodeTool; fi

exec java -Xmx96m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC "@$conf/lab-opens.options" \
    -Dcom.sun.jndi.rmiURLParsing=legacy \
    "-Dcassandra.storagedir=$home/data" "-Dcassandra.config=file://$conf/cassandra.yaml" \
    "-Dlogback.configurationFile=$conf/logback-tools.xml" \
    -cp "$conf:$home/tools:$home/lib/*" "$main" "$@"
