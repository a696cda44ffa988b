"""A program reaches into a node without going there: sockets, pyroute2, the processes of a lab."""

from __future__ import annotations

import errno
import json
import os
import socket
import threading

import pytest

import sandbox


@pytest.fixture
def pair() -> object:
    with sandbox.pair("a:192.168.1.1", "b:192.168.1.2") as nodes:
        yield nodes


def test_two_sockets_of_one_program_talk_across_the_lab(pair: tuple[sandbox.Node, sandbox.Node]) -> None:
    a, b = pair
    before = os.readlink("/proc/self/ns/net")
    with a.socket() as listener, b.socket() as client:
        listener.bind(("", 80))
        listener.listen()
        client.settimeout(5)
        client.connect(("192.168.1.1", 80))
        accepted, address = listener.accept()
        with accepted:
            client.sendall(b"hello")
            assert accepted.recv(100) == b"hello"
        assert address[0] == "192.168.1.2"
    assert os.readlink("/proc/self/ns/net") == before


def test_a_socket_reaches_a_command_and_nothing_outside(pair: tuple[sandbox.Node, sandbox.Node]) -> None:
    a, _ = pair
    with socket.socket() as host, a.socket() as inside:
        host.bind(("127.0.0.1", 0))
        host.listen()
        with pytest.raises(ConnectionRefusedError):
            inside.connect(host.getsockname())


def test_a_kind_of_socket_that_is_not_there_is_refused_as_by_socket(pair: tuple[sandbox.Node, sandbox.Node]) -> None:
    with pytest.raises(OSError, match="not supported") as refusal:
        pair[0].socket(999)
    assert refusal.value.errno == errno.EAFNOSUPPORT


def test_pyroute2_sees_and_changes_a_node(pair: tuple[sandbox.Node, sandbox.Node]) -> None:
    a, b = pair
    threads = threading.active_count()
    descriptors = len(os.listdir("/proc/self/fd"))
    with a.iproute() as iproute:
        assert [link.get("ifname") for link in iproute.get_links()] == ["lo", "eth0"]
        iproute.link("set", index=2, mtu=1280)
    assert threading.active_count() == threads
    assert len(os.listdir("/proc/self/fd")) == descriptors
    (link,) = json.loads(a.run(["ip", "-j", "link", "show", "eth0"], capture_output=True, check=True).stdout)
    assert link["mtu"] == 1280
    (peer,) = json.loads(b.run(["ip", "-j", "link", "show", "eth0"], capture_output=True, check=True).stdout)
    assert peer["mtu"] == 1500


def test_the_processes_of_a_lab_are_those_of_its_commands(pair: tuple[sandbox.Node, sandbox.Node]) -> None:
    a, b = pair
    assert a.lab.processes() == []
    shell = a.popen(["sh", "-c", "sleep 60 & wait"])
    sleep = b.popen(["sleep", "60"])
    wanted = {"sh": 1, "sleep": 2}
    for _ in range(1000):
        names = [process.name() for process in a.lab.processes()]
        if {name: names.count(name) for name in wanted} == wanted:
            break
    assert sorted(names) == ["sh", "sleep", "sleep"]
    assert {shell.pid, sleep.pid} <= {process.pid for process in a.lab.processes()}


def test_a_closed_lab_opens_no_socket() -> None:
    with sandbox.pair("a:192.168.1.1", "b:192.168.1.2") as (a, _):
        pass
    with pytest.raises(sandbox.LabClosed):
        a.socket()
