#!/bin/sh
# Two containers' networks on a bridge as Docker makes them, and traffic between them. In namespaces of its own, that
# go with it: the "host" is this script's network.
#
#     docker_bridge.sh BRIDGE_NF FROM TRAFFIC NEAR FAR
#
# BRIDGE_NF: 1 where packets that stay on the bridge go through iptables too, as they do wherever br_netfilter is loaded
# (Docker up to 27.2 loads it), 0 where they do not. FROM: who asks, `container`, or `host` by a published port.
# TRAFFIC is the program, NEAR and FAR are processors.
set -eu
bridge_nf=$1 from=$2 traffic=$3 near=$4 far=$5
settings=/proc/sys/net

mount -t tmpfs none /run # where `ip netns` keeps names
[ ! -e $settings/bridge ] || echo "$bridge_nf" >$settings/bridge/bridge-nf-call-iptables
echo 1 >$settings/ipv4/ip_forward
ip link set lo up
ip link add docker0 type bridge
ip address add 172.17.0.1/16 dev docker0
ip link set docker0 up
for i in 2 3; do
    ip netns add c$i
    ip link add veth$i type veth peer name eth0 netns c$i
    ip link set veth$i master docker0
    ip link set veth$i up
    ip -n c$i link set lo up
    ip -n c$i address add 172.17.0.$i/16 dev eth0
    ip -n c$i link set eth0 up
    ip -n c$i route add default via 172.17.0.1
done

# What iptables-save tells of Docker 27 with one bridge and `-p 5300:5300`, in nft's words. Those of iptables-nft cost
# the same: between two containers they were 1 % slower, if anything.
nft -f - <<'RULES'
table ip nat {
    chain DOCKER {
        iifname "docker0" counter return
        iifname != "docker0" tcp dport 5300 counter dnat to 172.17.0.2:5300
        iifname != "docker0" udp dport 5300 counter dnat to 172.17.0.2:5300
    }
    chain PREROUTING {
        type nat hook prerouting priority dstnat; policy accept;
        fib daddr type local counter jump DOCKER
    }
    chain OUTPUT {
        type nat hook output priority -100; policy accept;
        ip daddr != 127.0.0.0/8 fib daddr type local counter jump DOCKER
    }
    chain POSTROUTING {
        type nat hook postrouting priority srcnat; policy accept;
        oifname != "docker0" ip saddr 172.17.0.0/16 counter masquerade
    }
}
table ip filter {
    chain DOCKER {
        iifname != "docker0" oifname "docker0" ip daddr 172.17.0.2 tcp dport 5300 counter accept
        iifname != "docker0" oifname "docker0" ip daddr 172.17.0.2 udp dport 5300 counter accept
    }
    chain DOCKER-ISOLATION-STAGE-2 {
        oifname "docker0" counter drop
        counter return
    }
    chain DOCKER-ISOLATION-STAGE-1 {
        iifname "docker0" oifname != "docker0" counter jump DOCKER-ISOLATION-STAGE-2
        counter return
    }
    chain DOCKER-USER {
        counter return
    }
    chain FORWARD {
        type filter hook forward priority filter; policy drop;
        counter jump DOCKER-USER
        counter jump DOCKER-ISOLATION-STAGE-1
        oifname "docker0" ct state established,related counter accept
        oifname "docker0" counter jump DOCKER
        iifname "docker0" oifname != "docker0" counter accept
        iifname "docker0" oifname "docker0" counter accept
    }
}
RULES

# `ip` returns before a link can send, so the first may be lost. One is answered within five seconds.
# The counter of the first rule has moved if packets on the bridge do pass it.
if ! ip netns exec c3 ping -q -c 1 -i 0.2 -w 5 172.17.0.2 >/dev/null; then
    echo "docker_bridge.sh: c2 does not answer c3" >&2
    exit 1
fi
filtered=$(nft list chain ip filter FORWARD | grep -c 'packets [1-9].* jump DOCKER-USER') || :
if [ "$filtered" != "$bridge_nf" ]; then
    echo "docker_bridge.sh: packets that stay on the bridge pass the rules: $filtered, wanted: $bridge_nf" >&2
    exit 1
fi

ip netns exec c2 "$traffic" serve "$far" &
case $from in
container) exec ip netns exec c3 "$traffic" ask 172.17.0.2 "$near" ;;
host) exec "$traffic" ask 172.17.0.1 "$near" ;;
esac
