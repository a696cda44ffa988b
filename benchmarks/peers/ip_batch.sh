#!/bin/sh
# The same network by as few processes of `ip` as it can be made with.
#
#     ip_batch.sh [COMMAND...]     another command than `true`
set -eu
[ $# -gt 0 ] || set -- true

a=a-$$ b=b-$$
remove() {
    trap - EXIT
    ip -force -batch - <<END
netns delete $a
netns delete $b
END
}
trap 'set +e; remove' EXIT
trap 'exit 143' HUP INT TERM

configure() {
    ip -n "$1" -batch - <<END
link set lo up
address add $2/24 dev eth0
link set eth0 up
END
}

ip -batch - <<END
netns add $a
netns add $b
link add eth0 netns $a type veth peer name eth0 netns $b
END
configure "$a" 192.168.1.1
configure "$b" 192.168.1.2

ip netns exec "$a" "$@"
ip netns exec "$b" "$@"
