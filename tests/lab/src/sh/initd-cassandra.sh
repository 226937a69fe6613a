#!/bin/sh
# /etc/init.d/cassandra of a lab node: `service cassandra start|stop|status`.
#
# Cassandra runs as the user cassandra, whether root or that user asks.
# start returns at once; stop waits up to 60 s for the process to end, then
# fails; status: 0 running, 3 not.
set -u

home=/opt/cassandra
pidfile=/run/cassandra/cassandra.pid

# The pid of the running Cassandra, or fails. A pid that another process has
# since got does not count, nor does a zombie (it has no command line).
running() {
    pid=$(cat "$pidfile" 2>/dev/null) || return 1
    [ -n "$pid" ] || return 1
    tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q 'service\.CassandraDaemon' || return 1
    echo "$pid"
}

as_cassandra() {
    if [ "$(id -un)" = cassandra ]; then
        "$@"
    else
        HOME=/home/cassandra setpriv --reuid=cassandra --regid=cassandra --init-groups "$@"
    fi
}

start() {
    if pid=$(running); then
        echo "cassandra already runs (pid $pid)"
        return 0
    fi
    as_cassandra "$home/bin/cassandra" -p "$pidfile" || return 1
    echo "cassandra started (pid $(cat "$pidfile"))"
}

stop() {
    if ! pid=$(running); then
        echo "cassandra is not running"
        return 0
    fi
    kill "$pid" || return 1
    left=600
    while running >/dev/null; do
        left=$((left - 1))
        if [ "$left" -le 0 ]; then
            echo "cassandra (pid $pid) did not stop within 60 s" >&2
            return 1
        fi
        sleep 0.1
    done
    rm -f "$pidfile"
    echo "cassandra stopped"
}

case ${1:-} in
start) start ;;
stop) stop ;;
restart) stop && start ;;
status)
    if pid=$(running); then
        echo "cassandra is running (pid $pid)"
    else
        echo "cassandra is not running"
        exit 3
    fi
    ;;
*)
    echo "usage: service cassandra {start|stop|restart|status}" >&2
    exit 2
    ;;
esac
