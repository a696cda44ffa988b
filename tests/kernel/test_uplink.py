"""The way out of a lab, on a host of the test's own: with root's power over its network, and as a user without."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from reliability.census import wait_for
from reliability.programs import LOOK_INTO_OTHERS, PYTHON

from .conftest import Cli, one_error_line
from .host import ADDRESS, FAR, PORT, Host, host

VISIT = f"""
import socket
with socket.create_connection(('{FAR}', {PORT}), 5) as connection:
    print(connection.recv(99).decode())
"""
RESOLVE = "import socket; print(socket.gethostbyname('anything.example'))"
KILLS = 12
LAN = ("--switch", "lan:10.0.0.0/24", "--node", "a", "--node", "b", "--uplink", "lan")

needs_nft = pytest.mark.skipif(not shutil.which("nft", path=f"{os.environ['PATH']}:/usr/sbin"), reason="no nft")


def can_slirp() -> str:
    """Why slirp4netns cannot be tried here, or nothing."""
    if not shutil.which("slirp4netns"):
        return "slirp4netns is not installed"
    try:
        os.close(os.open("/dev/net/tun", os.O_RDWR))
    except OSError as error:
        return f"/dev/net/tun: {error.strerror}"
    return ""


needs_slirp = pytest.mark.skipif(bool(can_slirp()), reason=can_slirp())
# Whoever has power over the network of the host, in a user namespace perhaps, takes the way of root.
BOTH_WAYS = [pytest.param((), marks=needs_nft, id="nft"), pytest.param(("--as-root",), marks=needs_slirp, id="slirp")]
both_ways = pytest.mark.parametrize("options", BOTH_WAYS)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Host]:
    """A host with an internet behind it."""
    with host(tmp_path) as made:
        yield made


def words(options: tuple[str, ...], *topology: str) -> tuple[str, ...]:
    return ("run", "--raw", "-q", *options, *topology, "--")


@both_ways
def test_a_node_gets_out_by_address_and_by_name(cli: Cli, machine: Host, options: tuple[str, ...]) -> None:
    # The world outside sees the host, by its address.
    for script, expected in ((VISIT, ADDRESS), (RESOLVE, FAR)):
        done = cli(*words(options, "--node", "a", "--uplink", "a"), *PYTHON, script, before=machine.before)
        assert (done.returncode, done.stdout) == (0, f"{expected}\n"), done.stderr
    machine.await_no_trace()


@needs_nft
@both_ways
def test_all_the_nodes_of_a_switch_get_out(cli: Cli, machine: Host, options: tuple[str, ...]) -> None:
    for script, expected in ((VISIT, ADDRESS), (RESOLVE, FAR)):
        done = cli(*words(options, *LAN), *PYTHON, script, before=machine.before)
        assert (done.returncode, done.stdout) == (0, f"{expected}\n" * 2), done.stderr


@needs_slirp
@pytest.mark.skipif(os.getuid() == 0, reason="root's interpreter may be one that no other user can run")
def test_an_ordinary_user_gets_out(cli: Cli, machine: Host) -> None:
    user = ("unshare", "-U", "--map-user=1000", "--map-group=1000")
    for topology, nodes in ((("--node", "a", "--uplink", "a"), 1), (LAN, 2)):
        done = cli(*words((), *topology), *PYTHON, VISIT, before=(*machine.before, *user))
        assert (done.returncode, done.stdout) == (0, f"{ADDRESS}\n" * nodes), done.stderr


@both_ways
def test_the_resolver_is_the_labs_own_and_the_domains_are_the_hosts(
    cli: Cli, machine: Host, options: tuple[str, ...]
) -> None:
    command = (*words(options, "--node", "a", "--uplink", "a"), "cat", "/etc/resolv.conf")
    server, search = cli(*command, before=machine.before).stdout.splitlines()
    assert server == ("nameserver 100.64.0.3" if options else "nameserver 203.0.113.1")
    assert search == "search example.test"


@needs_nft
def test_a_resolver_that_no_node_can_reach_is_told_of(cli: Cli, machine: Host, tmp_path: Path) -> None:
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.53\n")
    command = (*words((), "--node", "a", "--uplink", "a"), "cat", "/etc/resolv.conf")
    assert cli(*command, before=machine.before).stdout.startswith("# no nameserver: the host asks 127.0.0.53,")


@needs_nft
def test_only_answers_come_in(cli: Cli, machine: Host) -> None:
    address = "ip -4 -br address show dev uplink; echo; sleep 99"
    process = cli.start(*words((), "--node", "a", "--uplink", "a"), "sh", "-c", address, before=machine.before)
    assert process.stdout
    found = re.search(r"[\d.]+(?=/24)", process.stdout.readline())
    assert found
    ping = ["ping", "-c1", "-W1", found[0]]
    assert subprocess.run([*machine.before, *ping], capture_output=True).returncode == 0
    # Somebody out there who sends through the host gets no answer.
    subprocess.run([*machine.internet, "ip", "route", "add", f"{found[0]}/32", "via", ADDRESS], check=True)
    assert subprocess.run([*machine.internet, *ping], capture_output=True).returncode != 0


@both_ways
def test_no_command_can_look_into_what_is_outside(cli: Cli, machine: Host, options: tuple[str, ...]) -> None:
    command = words(options, "--node", "a", "--uplink", "a")
    assert cli(*command, *PYTHON, LOOK_INTO_OTHERS, before=machine.before).stdout == ""


@needs_nft
def test_the_host_is_told_whose_link_and_table_it_has(cli: Cli, machine: Host) -> None:
    process = cli.start(*words((), *LAN), "sh", "-c", "echo ready; sleep 99", before=machine.before)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    link = machine.run("ip", "link", "show", "type", "veth")
    assert "alias uplink of lan-gateway, a node of sandbox" in link
    name = re.search(r"sb-(\d+)-0", link)
    assert name
    assert int(name[1]) in [pid for pid, _ in cli.processes()]
    assert f"table inet {name[0]}" in machine.run("nft", "list", "tables")


@needs_nft
def test_a_subnet_that_the_host_knows_a_way_to_is_not_taken(cli: Cli, machine: Host) -> None:
    machine.run("ip", "route", "add", "100.64.0.0/10", "dev", "wan")
    done = cli(*words((), "--node", "a", "--uplink", "a"), "ip", "-4", "-br", "address", before=machine.before)
    assert re.search(r"uplink\S* +UP +198\.1[89]\.", done.stdout), done.stdout + done.stderr


@needs_nft
def test_a_host_that_passes_nothing_on_is_named_and_left_as_it_is(cli: Cli, machine: Host) -> None:
    machine.run("sysctl", "-qw", "net.ipv4.ip_forward=0")
    done = cli(*words((), "--node", "a", "--uplink", "a"), "true", before=machine.before)
    assert done.returncode == 125
    assert one_error_line(done.stderr).endswith("net.ipv4.ip_forward is 0 - sudo sysctl -w net.ipv4.ip_forward=1\n")
    assert machine.run("sysctl", "-n", "net.ipv4.ip_forward") == "0\n"


@needs_slirp
@pytest.mark.skipif(not shutil.which("pasta"), reason="pasta is not installed")
def test_where_there_is_no_slirp4netns_pasta_will_do(cli: Cli, machine: Host) -> None:
    machine.run("mount", "--bind", "/dev/null", str(shutil.which("slirp4netns")))
    for script, expected in ((VISIT, ADDRESS), (RESOLVE, FAR)):
        command = words(("--as-root",), *LAN)
        done = cli(*command, *PYTHON, script, before=machine.before)
        assert (done.returncode, done.stdout) == (0, f"{expected}\n" * 2), done.stderr
    process = cli.start(*command, "sh", "-c", "echo ready; sleep 99", before=machine.before)
    assert process.stdout
    process.stdout.readline()
    assert [line for _, line in cli.processes() if "/pasta " in line]


@pytest.mark.parametrize(("options", "package"), [((), "nftables"), (("--as-root",), "slirp4netns")])
def test_a_program_that_is_missing_is_named(cli: Cli, machine: Host, options: tuple[str, ...], package: str) -> None:
    hidden = (
        "for each in nft slirp4netns pasta; do [ ! -e /usr/$0/$each ] || mount --bind /dev/null /usr/$0/$each; done"
    )
    for place in ("bin", "sbin"):
        machine.run("sh", "-c", hidden, place)
    done = cli(*words(options, "--node", "a", "--uplink", "a"), "true", before=machine.before)
    assert done.returncode == 125
    assert one_error_line(done.stderr).endswith(f"is not installed - sudo apt-get install {package}\n")


@pytest.mark.skipif(not shutil.which("slirp4netns"), reason="slirp4netns is not installed")
def test_a_tunnel_device_that_is_missing_is_named(cli: Cli, machine: Host) -> None:
    machine.run("mount", "-t", "tmpfs", "none", "/dev/net")
    done = cli(*words(("--as-root",), "--node", "a", "--uplink", "a"), "true", before=machine.before)
    assert done.returncode == 125
    assert "/dev/net/tun" in one_error_line(done.stderr)
    assert done.stderr.endswith(" - sudo modprobe tun\n")


@both_ways
@pytest.mark.deadline(60)
def test_killed_at_any_moment_it_leaves_no_trace_within_a_second(
    cli: Cli, machine: Host, options: tuple[str, ...]
) -> None:
    moments = random.Random(5)
    for number in range(KILLS):
        process = cli.start(*words(options, *LAN), "sh", "-c", "echo ready; sleep 99", before=machine.before)
        assert process.stdout
        if number:
            with suppress(subprocess.TimeoutExpired):
                process.wait(moments.uniform(0, 0.15))
        else:
            process.stdout.readline()
        process.kill()
        process.wait(5)
        machine.await_no_trace()
        cli.await_nothing_left()


@needs_nft
def test_a_link_that_outlived_its_lab_is_swept(cli: Cli, machine: Host) -> None:
    command = ("sh", "-c", "echo ready; exec sleep 99")
    process = cli.start(*words((), "--node", "a", "--uplink", "a"), *command, before=machine.before)
    assert process.stdout
    process.stdout.readline()
    (sleeping,) = wait_for(lambda: [pid for pid, line in cli.processes() if line.startswith("sleep")], within=5)
    # Somebody looks at the node's network from outside, as `nsenter` would, while its lab is killed.
    network = os.open(f"/proc/{sleeping}/ns/net", os.O_RDONLY)
    try:
        process.kill()
        process.wait(5)
        cli.await_nothing_left()
        (left,) = machine.traces()
        assert left.startswith("sb-")
        done = cli(*words((), "--node", "a", "--uplink", "a"), "true", before=machine.before)
        assert done.returncode == 0, done.stderr
        machine.await_no_trace()
    finally:
        os.close(network)


REMOVE = """
import sandbox, sys
draft = sandbox.Draft()
for name in ('a', 'b'):
    draft.node(name)
    draft.uplink(name)
with sandbox.Lab(draft.topology()) as lab:
    lab.remove_node('a')
    print('removed', flush=True)
    sys.stdin.read()
"""


@needs_nft
def test_the_way_of_a_node_that_is_taken_away_goes_with_it(cli: Cli, machine: Host) -> None:
    cli.command = (sys.executable, "-c", REMOVE)
    process = cli.start(before=machine.before, stdin=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == "removed\n"
    wait_for(lambda: len(machine.traces()) == 2, within=1, what="one link and one table")
    process.communicate("", timeout=5)
    machine.await_no_trace()


@needs_nft
def test_two_labs_have_their_own_ways_out(cli: Cli, machine: Host) -> None:
    command = ("sh", "-c", 'echo ready; read line; exec "$@"', "sh", *PYTHON, VISIT)
    labs = [
        cli.start(*words((), "--node", "a", "--uplink", "a"), *command, before=machine.before, stdin=subprocess.PIPE)
        for _ in range(2)
    ]
    for lab in labs:
        assert lab.stdout
        assert lab.stdout.readline() == "ready\n"
    assert len(machine.traces()) == 4
    for lab in labs:
        assert lab.communicate("go\n", timeout=10)[0] == f"{ADDRESS}\n"


@needs_nft
@pytest.mark.skipif(os.getuid() != 0, reason="the script is for root")
def test_by_hand_the_explanation_leads_out_as_well(cli: Cli, machine: Host) -> None:
    script = cli("explain", "--sh", *LAN).stdout
    machine.run("mount", "-t", "tmpfs", "none", "/run")
    machine.run("sh", "-euc", script)
    for node in ("a", "b", "lan-gateway"):
        assert machine.run("ip", "netns", "exec", node, *PYTHON, VISIT) == f"{ADDRESS}\n"


def test_a_host_is_made_for_the_test(machine: Host) -> None:
    here = os.readlink("/proc/self/ns/net")
    assert machine.run("readlink", "/proc/self/ns/net").strip() != here
    assert machine.run(*PYTHON, VISIT) == f"{ADDRESS}\n"
