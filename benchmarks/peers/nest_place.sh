#!/bin/sh
# NeST looks for the distributions of netem in a directory that Debian has elsewhere: here it is a link.
#
#     nest_place.sh PROGRAM...     as apart.sh runs it
set -eu

if [ ! -e /usr/lib/tc ]; then
    for found in /usr/lib/*/tc /usr/share/tc; do [ ! -d "$found" ] || distributions=$found; done
    mkdir /tmp/upper /tmp/work
    mount -t overlay -o lowerdir=/usr/lib,upperdir=/tmp/upper,workdir=/tmp/work overlay /usr/lib
    ln -s "$distributions" /usr/lib/tc
fi
exec "$@"
