#!/bin/sh
# Two containers of a runtime, wired with `ip` between their creation and their start.
#
#     oci_pair.sh RUNTIME [OPTION...]     crun(1) or runc(8); /run/bundle has what both run: see oci_place.py
set -eu

a=a-$$ b=b-$$
remove() {
    trap - EXIT
    "$@" delete --force "$a"
    "$@" delete --force "$b"
}
trap 'set +e; remove "$@"' EXIT
trap 'exit 143' HUP INT TERM

configure() {
    nsenter --net="/proc/$1/ns/net" ip -batch - <<END
address add $2/24 dev eth0
link set eth0 up
END
}

# A container's process is nobody's child: it has ended when nobody has the other end of its output any more.
said=$(
    "$@" create --bundle /run/bundle --pid-file "/run/$a.pid" "$a"
    "$@" create --bundle /run/bundle --pid-file "/run/$b.pid" "$b"
    first=$(cat "/run/$a.pid") second=$(cat "/run/$b.pid")
    ip link add eth0 netns "$first" type veth peer name eth0 netns "$second"
    configure "$first" 192.168.1.1
    configure "$second" 192.168.1.2
    "$@" start "$a"
    "$@" start "$b"
)
printf '%s\n' "$said"
