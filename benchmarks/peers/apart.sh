#!/bin/sh
# Runs a program where whatever a tool makes by name goes with it: in namespaces of its own, with a /run and a /tmp
# of its own. Nothing of this machine is changed, whoever kills whom.
#
#     unshare --net --mount --pid --fork --kill-child --mount-proc apart.sh CHECKOUT PROGRAM...
set -eu
checkout=$1
shift

mount -t tmpfs none /run
mkdir /run/netns /run/lock /run/checkout
mount --bind "$checkout" /run/checkout
mount -t tmpfs none /tmp
mkdir -p "$checkout" # it may be in /tmp
mount --move /run/checkout "$checkout"
ip link set lo up
cd /tmp # NeST writes where it is
export TMPDIR=/tmp HOME=/tmp PYTHONPATH="$checkout"
exec "$@"
