#!/bin/sh
# What `make bench` needs besides tests/lab/setup.sh: the contenders. Debian packages, and a Python
# environment of its own with Ansible and cassandra-medusa. As often as you like; what cannot be had
# is told, and its contender then has no result.
set -eu
umask 022
cache=${LAB_CACHE:-/var/cache/reseed-lab}

say() { printf 'bench setup: %s\n' "$*" >&2; }

[ "$(id -u)" = 0 ] || { say "must run as root"; exit 1; }

missing=
for package in pssh clustershell rsync; do
  case $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true) in
    'install ok installed') ;;
    *) missing="$missing $package" ;;
  esac
done
if [ -n "$missing" ]; then
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086 # a list of words
  apt-get install -y -q --no-install-recommends $missing >&2 ||
    { apt-get update -q >&2 && apt-get install -y -q --no-install-recommends $missing >&2; } ||
    say "could not install$missing"
fi

# Not in the lab's own environment: what contenders pull in is no concern of the tests.
venv=$cache/bench-venv
if [ ! -e "$venv/.complete" ]; then
  say "making the contenders' Python environment in $venv"
  rm -rf "$venv"
  /usr/bin/python3 -m venv "$venv"
  "$venv/bin/python" -m pip install -q --disable-pip-version-check ansible-core >&2 || say "could not install ansible-core"
  "$venv/bin/python" -m pip install -q --disable-pip-version-check cassandra-medusa >&2 || say "could not install cassandra-medusa"
  : >"$venv/.complete"
fi
