#!/bin/sh
# Runs the tests of the scripts on filesystems that share blocks between files (XFS, Btrfs), each in an image of its own.
# Part of `make campaign`; needs root and the kernel's drivers. A filesystem that cannot be had here is told and left out.
set -eu

work=$(mktemp -d /var/tmp/reseed-fs.XXXXXX)
trap 'umount "$work/on" 2>/dev/null || :; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir "$work/on"
failed=
for kind in xfs btrfs; do
    modprobe "$kind" 2>/dev/null || :
    if ! command -v "mkfs.$kind" >/dev/null 2>&1 || ! grep -q -w "$kind" /proc/filesystems; then
        echo "skipped: no $kind on this machine (mkfs.$kind, /proc/filesystems)"
        continue
    fi
    rm -f "$work/image"
    truncate -s 2G "$work/image"
    "mkfs.$kind" -q "$work/image"
    mount -o loop "$work/image" "$work/on"
    echo "== $kind"
    RESEED_SCRATCH=$work/on cargo test --test scripts || failed="$failed $kind"
    umount "$work/on"
done
[ -z "$failed" ] || { echo "failed on:$failed"; exit 1; }
