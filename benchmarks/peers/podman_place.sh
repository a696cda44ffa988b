#!/bin/sh
# What podman writes of its own, in /etc and /var/lib, goes with this place; /run/root has the files of containers.
#
#     podman_place.sh PROGRAM...     as apart.sh runs it
set -eu

for directory in /etc /var/lib; do
    layers=/run/layers$directory
    mkdir -p "$layers/upper" "$layers/work"
    mount -t overlay -o "lowerdir=$directory,upperdir=$layers/upper,workdir=$layers/work" overlay "$directory"
done
mkdir -p /var/lib/containers
mount -t tmpfs none /var/lib/containers
# It knows hierarchies of cgroups of one version only. It is to make none, as the others here.
umount -R /sys/fs/cgroup
mount -t tmpfs none /sys/fs/cgroup
mount -t cgroup2 -o ro none /sys/fs/cgroup
mkdir -p /run/root
mount --rbind / /run/root
exec "$@"
