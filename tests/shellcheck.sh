#!/bin/sh
# Every remote script as it is sent (header, prelude, body need each other), and the lab's own.
set -eu
cd "$(dirname "$0")/.."
command -v shellcheck >/dev/null || { echo "shellcheck is not installed: make setup" >&2; exit 1; }
work=$(mktemp -d)
bad=0
trap 'rm -rf "$work"' EXIT
find src -name '*.sh' ! -path 'src/script/*' ! -path 'src/remote/*' >"$work/list"
while IFS= read -r body; do
  name=$work/$(echo "$body" | tr / _)
  { echo '# shellcheck shell=sh'; cat src/script/prelude.sh "$body"; } >"$name"
  # SC2034 SC2154: variables come from the header and go to functions of the prelude, unseen here;
  # SC2329 SC2317: not every script uses every function
  shellcheck -x -e SC2034,SC2153,SC2154,SC2329,SC2317 "$name" || bad=1
done <"$work/list"
find src/remote -name '*.sh' -exec shellcheck -s sh -e SC2154,SC2034,SC2086 {} + || bad=1
shellcheck tests/shellcheck.sh tests/filesystems.sh tests/lab/setup.sh || bad=1
# their variables are in a file that the harness writes
shellcheck -e SC1091,SC2154 tests/sshd/standin/*.sh || bad=1
shellcheck benches/*.sh benches/*/*.sh || bad=1
[ "$bad" = 0 ]
echo "shellcheck: all scripts are clean"
