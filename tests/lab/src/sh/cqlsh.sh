#!/bin/sh
# cqlsh of the lab: the one from the Python environment in the lab's cache.
# Without a host it connects to this node's own address, as set by the lab.
set -eu
# shellcheck source=/dev/null # LAB_VENV and LAB_ADDRESS, written by the lab
. /etc/lab.env
export CQLSH_HOST="${CQLSH_HOST:-$LAB_ADDRESS}"
exec "$LAB_VENV/bin/python" "$LAB_VENV/bin/cqlsh" "$@"
