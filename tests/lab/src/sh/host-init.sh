#!/bin/sh
# PID 1 of one lab host: makes the host's own root, then boots it.
#
#   host-init.sh NAME DIR CACHE INIT
#
# DIR is the host's folder on the machine: root (mount point of the new root),
# and etc, opt, root-home, home, tmp, var, lab, which become /etc, /opt, …; or
# disk.img, a file system of its own that holds these, and backup.img.
# INIT is sh: this script runs sshd and reaps; or systemd: it becomes that.
# Started in its own mount, pid, uts, ipc and network namespace. Of the machine
# only /usr (read-only), /dev, /sys and the lab's cache (read-only) are seen:
# whatever runs here as root cannot reach the machine's files. Everything is
# gone when this process dies.
set -eu

name=$1 dir=$2 cache=$3 init=$4

# A cgroup of our own, so that systemd does not take the machine's for its own.
# Its path is how the lab's end finds it. Entered first: what is the root of a
# cgroup namespace is decided when that is made.
if [ "$init" = systemd ] && [ -z "${LAB_CGROUP:-}" ]; then
    mount --make-rprivate /
    mount -t cgroup2 cgroup2 "$dir/root"
    LAB_CGROUP=$dir/root/reseed-lab.$(basename "$(dirname "$(dirname "$dir")")").$name
    mkdir -p "$LAB_CGROUP"
    echo 0 >"$LAB_CGROUP/cgroup.procs"
    umount "$dir/root"
    export LAB_CGROUP
    exec unshare --cgroup /bin/sh "$0" "$@"
fi

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
if [ "$init" = systemd ]; then
    # The machine's own devices are nothing for a second systemd.
    mount -t tmpfs -o size=1m,mode=755 dev "$new/dev"
    for node in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
        numbers=${node#*:}
        mknod -m 666 "$new/dev/${node%%:*}" c "${numbers%:*}" "${numbers#*:}"
    done
    mkdir "$new/dev/pts" "$new/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$new/dev/pts"
    ln -s pts/ptmx "$new/dev/ptmx"
    ln -s /proc/self/fd "$new/dev/fd"
else
    mount --rbind /dev "$new/dev"
fi
mount -t tmpfs -o size=256m,mode=1777 shm "$new/dev/shm"
mount -t sysfs -o ro sysfs "$new/sys"
mount -t proc proc "$new/proc"
mount -t tmpfs -o size=64m,mode=755 run "$new/run"
if [ "$init" = systemd ]; then
    # Most of it is the machine's, not this host's: systemd's own settings must not reach it.
    mount --bind "$new/proc/sys" "$new/proc/sys"
    mount -o remount,bind,ro "$new/proc/sys"
fi
# As after every boot of a real host, another one than before.
cat /proc/sys/kernel/random/uuid >"$new/run/lab-boot-id"
mount --bind -o ro "$new/run/lab-boot-id" "$new/proc/sys/kernel/random/boot_id"

from=$dir
# Not the disk of the data, as a backup should be.
if [ -e "$dir/disk.img" ]; then
    from=$new/disk
    mkdir "$from"
    # A commit of the journal only where somebody asks for it, by fsync or sync:
    # what nobody asked for is what a power cut takes.
    mount -o loop,data=ordered,commit=600 "$dir/disk.img" "$from"
    mount -o loop,commit=600 "$dir/backup.img" "$new/backup"
else
    mount -t tmpfs -o size=2g,mode=755 backup "$new/backup"
fi
for entry in etc opt home tmp var lab; do
    mkdir "$new/$entry"
    mount --bind "$from/$entry" "$new/$entry"
done
mkdir "$new/root"
mount --bind "$from/root-home" "$new/root"
# At the same path as on the machine: the Python environment knows its own.
mkdir -p "$new$cache"
mount --bind "$cache" "$new$cache"
mount -o remount,bind,ro "$new$cache"
# Data directories that are mounts: `FROM TO` a line, paths of the host.
if [ -e "$from/lab/mounts" ]; then
    while read -r source target; do mount --bind "$new$source" "$new$target"; done <"$from/lab/mounts"
fi
if [ "$init" = systemd ]; then mount -t cgroup2 cgroup2 "$new/sys/fs/cgroup"; fi

cd "$new"
pivot_root . old
cd /
umount -l /old
rmdir /old

mkdir -p /run/sshd /run/lock
if [ "$init" = systemd ]; then
    printf '%s\n' "$outer_pid" >&3
    # A container, as far as systemd cares: no hardware, no file systems to mount.
    exec env -i container=lab /lib/systemd/systemd --system --log-target=journal 3>&-
fi

mkdir -p /run/cassandra
if id cassandra >/dev/null 2>&1; then chown cassandra:cassandra /run/cassandra; fi

/usr/sbin/sshd -D -e >>/var/log/sshd.log 2>&1 3>&- &
# What starts at boot: rc.local's part.
if [ -e /lab/enabled ]; then service cassandra start >>/var/log/boot.log 2>&1 3>&- || :; fi
# Told last: who reads it finds a host that is complete.
printf '%s\n' "$outer_pid" >&3
exec 3>&-

# Orphans of the host become our children; a shell that waits reaps them.
while :; do
    sleep 86400 &
    wait $! || :
done
