"""`sandbox why` of networks that are no lab's: by names of `ip netns` in a world of one's own, and by processes."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import sandbox

from .conftest import Cli, one_error_line

# uid 0 of a user namespace, with a /run of its own for `ip netns add`: the world of a learner.
WORLD = ("unshare", "-Urnm", "--pid", "--fork", "--kill-child", "--mount-proc")

TWO = """
ip netns add red
ip netns add blue
ip link add veth-red type veth peer name veth-blue
ip link set veth-red netns red
ip link set veth-blue netns blue
ip -n red address add 192.168.1.1/24 dev veth-red
ip -n blue address add 192.168.1.2/24 dev veth-blue
ip -n red link set veth-red up
ip -n blue link set veth-blue up
"""
BRIDGED = """
ip link add docker0 type bridge
ip address add 172.17.0.1/16 dev docker0
ip link set docker0 up
for n in 2 3; do
    ip netns add c$n
    ip link add veth$n type veth peer name eth0 netns c$n
    ip link set veth$n master docker0 up
    ip -n c$n address add 172.17.0.$n/16 dev eth0
    ip -n c$n link set eth0 up
    ip -n c$n route add default via 172.17.0.1
done
ip netns add out
ip link add wan type veth peer name eth0 netns out
ip address add 10.0.0.1/24 dev wan
ip link set wan up
ip -n out address add 10.0.0.2/24 dev eth0
ip -n out link set eth0 up
sysctl -qw net.ipv4.ip_forward=1
nft 'table ip n { chain c { type nat hook postrouting priority srcnat; oifname wan masquerade; }; }'
"""


class World:
    """A shell in a world of its own, in which lines are carried out one after the other."""

    def __init__(self, shell: subprocess.Popen[str]) -> None:
        self._shell = shell

    def __call__(self, line: str) -> tuple[int, str]:
        """The exit status of a line, and what it said."""
        assert self._shell.stdin
        assert self._shell.stdout
        self._shell.stdin.write(f"{{ {line}\n}} 2>&1 </dev/null; status=$?; echo; echo done $status\n")
        self._shell.stdin.flush()
        said: list[str] = []
        while not (told := self._shell.stdout.readline()).startswith("done "):
            assert told, said
            said.append(told)
        return int(told.split()[1]), "".join(said).strip()

    def why(self, *words: str) -> tuple[int, str]:
        return self(shlex.join([*Cli.command, "why", *words]))


@pytest.fixture
def world(cli: Cli) -> Iterator[World]:
    with subprocess.Popen(
        [*WORLD, "sh"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=cli.environment,
    ) as shell:
        try:
            there = World(shell)
            assert there("mount -t tmpfs tmpfs /run && ip link set lo up") == (0, "")
            yield there
        finally:
            shell.kill()


def verdict(said: str) -> str:
    """The last sentence, and what follows it."""
    return said.rpartition("\n\n")[2]


@pytest.mark.deadline(90)
def test_two_namespaces_that_are_joined_step_by_step(world: World) -> None:
    for line in TWO.strip().splitlines():
        if "add blue" not in line and world("ip netns list")[1].count("\n"):
            status, said = world.why("--netns", "red", "--netns", "blue")
            assert status == 1, said
        assert world(line) == (0, "")
    assert world("ip netns exec red ping -c 1 -w 3 192.168.1.2")[0] == 0
    status, said = world.why("--netns", "red", "--netns", "blue")
    assert (status, verdict(said)) == (0, "nothing is wrong: red reaches blue at 192.168.1.2"), said
    assert world.why("--netns", "red", "192.168.1.2")[0] == 0
    assert world.why("--netns", "/run/netns/red", "--netns", "blue")[0] == 0


@pytest.mark.deadline(90)
@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("ip -n blue link set veth-blue down", "veth-blue of blue is down"),
        ("ip -n red address flush dev veth-red", "red has no IPv4 address"),
        ("ip -n blue address flush dev veth-blue", "blue has no IPv4 address"),
        (
            "ip -n blue address flush dev veth-blue; ip -n blue address add 192.168.2.2/24 dev veth-blue",
            "two ends of a link are in different subnets: "
            "veth-red of red has 192.168.1.1/24, veth-blue of blue has 192.168.2.2/24",
        ),
        (
            "ip -n red neighbour replace 192.168.1.2 lladdr 02:00:00:00:00:99 nud permanent dev veth-red",
            "red sends what is for 192.168.1.2 to 02:00:00:00:00:99 (neighbour entry PERMANENT), but veth-blue of blue",
        ),
        (
            "ip netns exec blue nft 'table inet t { chain c { type filter hook input priority 0; drop; }; }'",
            "blue drops pings on input: rule 'drop' in chain inet t c",
        ),
    ],
)
def test_a_fault_is_mended_by_what_is_told(world: World, fault: str, says: str) -> None:
    assert world(TWO)[0] == 0
    assert world(fault) == (0, "")
    status, said = world.why("--netns", "red", "--netns", "blue")
    assert status == 1
    assert verdict(said).startswith(says), said
    mend = verdict(said).partition("\nto mend it: ")[2]
    assert world(mend) == (0, "")
    status, said = world.why("--netns", "red", "--netns", "blue")
    assert status == 0, said


@pytest.mark.deadline(90)
def test_the_host_in_between_is_known_with_its_bridge_and_its_addresses(world: World) -> None:
    assert world(BRIDGED) == (0, "")
    for one, other in (("c2", "c3"), ("c2", "host"), ("c2", "out"), ("out", "host")):
        status, said = world.why("--netns", one, other)
        assert status == 0, said
    assert "host forwards IPv4" in world.why("--netns", "c2", "--netns", "out")[1]
    for fault, says, mend in (
        ("ip link set docker0 down", "docker0 of host is down", "ip link set docker0 up"),
        ("ip link set veth3 nomaster", "veth3 of host is a port of no bridge", "ip link set veth3 master docker0"),
    ):
        assert world(fault) == (0, "")
        status, said = world.why("--netns", "c2", "--netns", "c3")
        assert (status, verdict(said)) == (1, f"{says}\nto mend it: {mend}"), said
        assert world(mend) == (0, "")


@pytest.mark.deadline(90)
def test_a_published_port_is_followed_to_who_listens(world: World) -> None:
    assert world(BRIDGED) == (0, "")
    chain = "table ip p { chain c { type nat hook prerouting priority dstnat; tcp dport 8080 dnat to %s; }; }"
    for to, says in (
        ("172.17.0.9:80", "host translates 10.0.0.1 to 172.17.0.9 port 80, but nobody on that link has that address"),
        ("172.17.0.2:80", "nothing in c2 listens on TCP port 80"),
    ):
        assert world(f"nft '{chain % to}'") == (0, "")
        status, said = world.why("--netns", "out", "10.0.0.1", "8080")
        assert (status, verdict(said).partition("\n")[0]) == (1, says), said
        if "c2" not in says:
            assert world("nft delete table ip p") == (0, "")
    # What is told to be tried for a listener answers indeed.
    mend = verdict(said).partition("to mend it: ")[2]
    assert world(f"{mend} >/dev/null 2>&1 &") == (0, "")
    connects = 'import socket; socket.create_connection(("172.17.0.2", 80))'
    waits = f"until python3 -c '{connects}'; do :; done"
    assert world(f"timeout 10 sh -c {shlex.quote(waits)} 2>/dev/null")[0] == 0
    status, said = world.why("--netns", "out", "10.0.0.1", "8080")
    assert (status, verdict(said)) == (0, "nothing is wrong: out reaches host at 10.0.0.1, TCP port 8080"), said
    assert "c2 listens on TCP port 80, at 172.17.0.2:80" in said


# Of the lesson: its seven faults, and the checks that find them.
BROKEN = tomllib.loads((Path(sandbox.__file__).parent / "lessons" / "broken.toml").read_text(encoding="utf-8"))
FOUND_BY = {
    "carrier": "up",
    "prefix": "address",
    "return": "route back",
    "forwarding": "forwarding",
    "firewall": "firewall",
    "rpfilter": "rp_filter",
    "listener": "listener",
}


@pytest.mark.deadline(90)
@pytest.mark.parametrize("fault", BROKEN["faults"], ids=lambda fault: str(fault["name"]))
def test_each_fault_of_the_lesson_is_found_and_mended(world: World, fault: dict[str, Any]) -> None:
    if missing := [program for program in BROKEN["needs"] if not shutil.which(program)]:
        pytest.skip(f"{', '.join(missing)} not installed")
    ask = ("--netns", "red", "--netns", "blue", "80")
    for line in (line for step in BROKEN["steps"] for line in step.get("run", ())):
        assert world(line)[0] == 0, line
    assert world.why(*ask)[0] == 0
    for line in fault["run"]:
        assert world(line)[0] == 0, line
    # Until then the kernel may go by what it found out before the fault was made.
    assert world("ip -n blue route flush cache; ip -n router route flush cache") == (0, "")
    status, said = world.why(*ask, "--json")
    found = json.loads(said)
    wrong = [each["name"] for each in found["checks"] if each["ok"] is False]
    assert (status, wrong[0]) == (1, FOUND_BY[fault["name"]]), said
    # A server is its owner's to start.
    for line in fault["mend"] if fault["name"] == "listener" else [found["mend"]]:
        assert world(line)[0] == 0, line
    status, said = world.why(*ask)
    assert status == 0, said
    assert world(fault["proof"])[0] == 0


def test_an_address_that_somebody_else_has_is_found(world: World) -> None:
    assert world(TWO)[0] == 0
    assert world("ip -n red address add fd00::1/64 dev veth-red nodad") == (0, "")
    assert world("ip -n blue address add fd00::1/64 dev veth-blue") == (0, "")
    failed = "until ip -n blue address show dev veth-blue | grep -q dadfailed; do :; done"
    assert world(f"timeout 10 sh -c {shlex.quote(failed)}") == (0, "")
    status, said = world.why("--netns", "blue", "--netns", "red", "-6")
    assert status == 1
    assert verdict(said) == (
        "veth-blue of blue may not use fd00::1: somebody else on that link has it (dadfailed)\n"
        "to mend it: ip -n blue address del fd00::1/64 dev veth-blue"
    )


def test_json_is_for_machines(world: World) -> None:
    assert world(TWO)[0] == 0
    status, said = world.why("--netns", "red", "--netns", "blue", "80", "--json")
    record = json.loads(said)
    assert status == 1
    assert (record["from"], record["to"], record["address"], record["port"], record["protocol"], record["ok"]) == (
        *("red", "blue", "192.168.1.2", 80, "tcp"),
        False,
    )
    assert record["verdict"] == "nothing in blue listens on TCP port 80"
    assert [each["name"] for each in record["checks"] if each["ok"] is False] == ["listener", "probe"]


@pytest.fixture
def processes() -> Iterator[tuple[int, int]]:
    """Two processes in networks of their own, of one user namespace, that are joined."""
    script = (
        "ip link set lo up; unshare -n sleep 60 & "
        "until [ $(readlink /proc/$!/ns/net) != $(readlink /proc/$$/ns/net) ]; do :; done; "
        "ip link add eth0 type veth peer name eth0 netns $!; ip address add 10.0.0.1/24 dev eth0; "
        "ip link set eth0 up; nsenter -t $! -n sh -c 'ip address add 10.0.0.2/24 dev eth0; ip link set eth0 up'; "
        "echo $$ $!; wait"
    )
    with ExitStack() as stack:
        shell = stack.enter_context(subprocess.Popen(["unshare", "-Urn", "sh", "-c", script], stdout=subprocess.PIPE))
        stack.callback(shell.kill)
        assert shell.stdout
        one, other = map(int, shell.stdout.readline().split())
        stack.callback(os.kill, other, signal.SIGKILL)
        yield one, other


def test_networks_of_processes_are_entered_by_way_of_their_user_namespace(cli: Cli, processes: tuple[int, int]) -> None:
    one, other = map(str, processes)
    done = cli("why", "--pid", one, "--pid", other)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert verdict(done.stdout) == f"nothing is wrong: pid {one} reaches pid {other} at 10.0.0.2\n"
    done = cli("why", "--pid", one, "10.0.0.2", "80")
    assert done.returncode == 1
    assert "nothing in " in verdict(done.stdout) or "connection refused" in verdict(done.stdout)
    # Both of one network: it reaches itself.
    done = cli("why", "--pid", one, "--pid", one)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--netns", "nonsense", "10.0.0.1"), "'nonsense': no such network - see ip netns list"),
        (("--netns", "/dev/null", "10.0.0.1"), "'/dev/null': not a network"),
        (("--pid", "999999999", "10.0.0.1"), "no such network"),
        (("--pid", "self", "10.0.0.1"), "--pid 'self': not a process"),
        (("--netns", "/proc/self/ns/net", "nonsense"), "'nonsense': neither an address nor a place"),
    ],
)
def test_what_is_not_there_is_refused(cli: Cli, words: tuple[str, ...], says: str) -> None:
    done = cli("why", *words)
    assert done.returncode == 2
    assert says in one_error_line(done.stderr)


def test_a_network_that_is_not_ours_is_refused_with_the_fix(cli: Cli) -> None:
    if os.getuid() == 0:
        pytest.skip("root may enter any")
    done = cli("why", "--pid", "1", "10.0.0.1")
    assert done.returncode == 125
    assert "not ours to enter - ask as root" in one_error_line(done.stderr)
