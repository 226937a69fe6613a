#!/bin/sh
# PID 1 of one lab host: makes the host's own root, then runs sshd and reaps.
#
#   host-init.sh NAME DIR CACHE
#
# DIR is the host's folder on the machine: root (mount point of the new root),
# and etc, opt, root-home, home, tmp, var, lab, which become /etc, /opt, …
# Started in its own mount, pid, uts, ipc and network namespace. Of the machine
# only /usr (read-only), /dev, /sys and the lab's cache (read-only) are seen:
# whatever runs here as root cannot reach the machine's files. Everything is
# gone when this process dies.
set -eu

name=$1 dir=$2 cache=$3
# /proc is still the machine's, so this is our pid as the machine knows it.
read -r outer_pid _ </proc/self/stat
exec 3>"$dir/init.pid.new"

mount --make-rprivate /
hostname "$name" 2>/dev/null || printf '%s\n' "$name" >/proc/sys/kernel/hostname
ip link set lo up

new=$dir/root
mount -t tmpfs -o size=64m,mode=755 lab-root "$new"
for entry in bin sbin lib lib32 lib64 libx32; do
    if [ -L "/$entry" ]; then
        cp -P "/$entry" "$new/$entry"
    elif [ -d "/$entry" ]; then
        mkdir "$new/$entry"
        mount --bind -o ro "/$entry" "$new/$entry"
    fi
done
mkdir "$new/usr" "$new/dev" "$new/sys" "$new/proc" "$new/run" "$new/backup" \
    "$new/mnt" "$new/srv" "$new/old"
mount --bind /usr "$new/usr"
mount -o remount,bind,ro "$new/usr"
mount --rbind /dev "$new/dev"
mount -t tmpfs -o size=256m,mode=1777 shm "$new/dev/shm"
mount -t sysfs -o ro sysfs "$new/sys"
mount -t proc proc "$new/proc"
mount -t tmpfs -o size=64m,mode=755 run "$new/run"
# Not the disk of the data, as a backup should be.
mount -t tmpfs -o size=2g,mode=755 backup "$new/backup"
for entry in etc opt home tmp var lab; do
    mkdir "$new/$entry"
    mount --bind "$dir/$entry" "$new/$entry"
done
mkdir "$new/root"
mount --bind "$dir/root-home" "$new/root"
# At the same path as on the machine: the Python environment knows its own.
mkdir -p "$new$cache"
mount --bind "$cache" "$new$cache"
mount -o remount,bind,ro "$new$cache"

cd "$new"
pivot_root . old
cd /
umount -l /old
rmdir /old

mkdir -p /run/sshd /run/lock /run/cassandra
if id cassandra >/dev/null 2>&1; then chown cassandra:cassandra /run/cassandra; fi

/usr/sbin/sshd -D -e >>/var/log/sshd.log 2>&1 3>&- &
# Told last: who reads it finds a host that is complete.
printf '%s\n' "$outer_pid" >&3
exec 3>&-

# Orphans of the host become our children; a shell that waits reaps them.
while :; do
    sleep 86400 &
    wait $! || :
done
