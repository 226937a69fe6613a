#!/bin/sh
# Stand-in for the API Gateway's startinstance (domain.md E.1), on a lab gateway.
#
#   startinstance -n NAME -g GROUP       run in the foreground
#   startinstance -n NAME -g GROUP -d    start, return when running
#   startinstance -n NAME -g GROUP -k    stop, return when ended
#   startinstance -n NAME -g GROUP -s    exit 0 running, 1 not
#   startinstance                        list the instances of this machine
#
# The instance is a CQL client that writes and reads all the time; it starts
# whether or not the cluster answers, and goes on trying.
set -u

install=/opt/Axway
# shellcheck source=/dev/null # LAB_VENV
. /etc/lab.env

name='' group='' act=run
while getopts n:g:dks option; do
    case $option in
    n) name=$OPTARG ;;
    g) group=$OPTARG ;;
    d) act=start ;;
    k) act=stop ;;
    s) act='test' ;;
    *) exit 2 ;;
    esac
done

if [ -z "$name$group" ]; then
    echo "The following API Gateway instances are available on this machine:"
    while read -r known_name known_group; do
        echo "startinstance -n \"$known_name\" -g \"$known_group\""
    done <"$install/instances"
    exit 0
fi
if ! grep -qxF "$name $group" "$install/instances"; then
    echo "No instance \"$name\" in group \"$group\" on this machine" >&2
    exit 1
fi

pidfile=$install/log/$name.pid
ready=$install/log/$name.running

running() {
    pid=$(cat "$pidfile" 2>/dev/null) || return 1
    [ -n "$pid" ] || return 1
    tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "vshell.py $name " || return 1
}

case $act in
test)
    if running; then
        echo "API Gateway instance \"$name\" is running"
        exit 0
    fi
    echo "API Gateway instance \"$name\" is not running"
    exit 1
    ;;
stop)
    if ! running; then
        echo "API Gateway instance \"$name\" is not running"
        exit 0
    fi
    kill "$pid" || exit 1
    left=300
    while running; do
        left=$((left - 1))
        if [ "$left" -le 0 ]; then
            echo "API Gateway instance \"$name\" (pid $pid) did not end within 30 s" >&2
            exit 1
        fi
        sleep 0.1
    done
    rm -f "$pidfile" "$ready"
    echo "API Gateway instance \"$name\" stopped"
    ;;
*)
    if running; then
        echo "API Gateway instance \"$name\" is already running"
        exit 0
    fi
    rm -f "$ready"
    if [ "$act" = run ]; then
        echo $$ >"$pidfile"
        exec "$LAB_VENV/bin/python" /lab/vshell.py "$name" "$group" "$ready"
    fi
    setsid "$LAB_VENV/bin/python" /lab/vshell.py "$name" "$group" "$ready" \
        </dev/null >>"$install/log/$name.trc" 2>&1 &
    echo $! >"$pidfile"
    left=300
    while [ ! -e "$ready" ]; do
        left=$((left - 1))
        # One second of grace: the process may not have its name yet.
        if [ "$left" -le 0 ] || { [ "$left" -lt 290 ] && ! running; }; then
            echo "API Gateway instance \"$name\" did not start; see $install/log/$name.trc" >&2
            exit 1
        fi
        sleep 0.1
    done
    echo "API Gateway instance \"$name\" started"
    ;;
esac
