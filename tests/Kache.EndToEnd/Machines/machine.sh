#!/bin/bash
# Becomes a machine: the first process of fresh namespaces makes a root of its own over this machine's and waits
# until its standard input ends; then the kernel takes all of it away. Nothing that is done inside is seen outside.
#   unshare --net --mount --uts --ipc --pid --fork --kill-child machine.sh NAME FOLDER [SHARED…]
# FOLDER is where the root is put together; each SHARED is a path of this machine seen inside as it is, read-only
# unless it begins with "rw:".
set -euo pipefail
name=$1 folder=$2
shift 2
read -r pid _ < /proc/self/stat   # the old /proc: our number as it is outside

mount --make-rprivate /
mount -t tmpfs -o mode=755,size=8g tmpfs "$folder"
mkdir "$folder"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" "$folder/root"
cd "$folder/root"
mount --rbind /dev dev
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=700 tmpfs root
for shared in "$@"; do
    mode=ro
    [[ $shared != rw:* ]] || { mode=rw; shared=${shared#rw:}; }
    mkdir -p ".$shared"
    mount --bind "$shared" ".$shared"
    [ $mode = rw ] || mount -o remount,bind,ro ".$shared"
done
mkdir run/old
pivot_root . run/old
umount -l /run/old
rmdir /run/old
mkdir -p /run/lock

# What somebody has set up on this machine for himself is no part of a fresh one.
rm -f /etc/pip.conf /etc/npmrc /etc/gitconfig /etc/wgetrc.d/* /etc/curlrc
hostname "$name"
# A name of its own: a file that is a mount inside a container is a case of its own, and has its own test.
echo "127.0.0.1 localhost $name" > /etc/hosts.new && mv /etc/hosts.new /etc/hosts
echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 2>/dev/null || true
ip link set lo up

echo "ready $pid"
# Not exec: as the first process, bash also buries those whose parents have ended.
while read -r _; do :; done
