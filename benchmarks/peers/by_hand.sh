#!/bin/sh
# Two networks joined by a cable, by the commands of every article about it; `true` in both; and away with it.
#
#     by_hand.sh [COMMAND...]     another command than `true`
set -eu
[ $# -gt 0 ] || set -- true

a=a-$$ b=b-$$
remove() {
    trap - EXIT
    ip netns delete "$a"
    ip netns delete "$b"
    [ ! -e "/sys/class/net/veth-$a" ] || ip link delete "veth-$a"
}
trap 'set +e; remove' EXIT
trap 'exit 143' HUP INT TERM

ip netns add "$a"
ip netns add "$b"
ip link add "veth-$a" type veth peer name "veth-$b"
ip link set "veth-$a" netns "$a"
ip link set "veth-$b" netns "$b"
ip netns exec "$a" ip addr add 192.168.1.1/24 dev "veth-$a"
ip netns exec "$b" ip addr add 192.168.1.2/24 dev "veth-$b"
ip netns exec "$a" ip link set dev "veth-$a" up
ip netns exec "$b" ip link set dev "veth-$b" up
ip netns exec "$a" ip link set dev lo up
ip netns exec "$b" ip link set dev lo up

ip netns exec "$a" "$@"
ip netns exec "$b" "$@"
