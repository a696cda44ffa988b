#!/bin/sh
# Two containers of podman(1) on a bridge of their own. Their files are those of /run/root: see podman_place.sh.
#
#     podman.sh [COMMAND...]     another command than `true`
set -eu
[ $# -gt 0 ] || set -- true

lab=lab-$$
trap 'podman network rm --force "$lab"' EXIT # and its containers
trap 'exit 143' HUP INT TERM

start() {
    name=$1-$lab address=$2
    shift 2
    podman run --detach --cgroups disabled --name "$name" --network "$lab" --ip "$address" --rootfs /run/root "$@"
}

podman network create --subnet 192.168.1.0/24 --gateway 192.168.1.254 "$lab"
start a 192.168.1.1 "$@"
start b 192.168.1.2 "$@"
ended=$(podman wait "a-$lab" "b-$lab")
[ "$ended" = "0
0" ]
