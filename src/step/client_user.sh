# As whom a client's commands run when the inventory does not say: as who logged in, also behind sudo; never as root unasked.
[ -n "$RUN_AS" ] || [ "$(id -u)" != 0 ] || RUN_AS=${SUDO_USER:-}
