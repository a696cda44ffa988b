"""Ports of the host that lead to a node, seen from a program of the host's."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

import sandbox
from reliability.census import wait_for
from reliability.programs import LOOK_INTO_OTHERS, PYTHON
from sandbox.topology.draft import Draft

from .conftest import Cli, one_error_line

HOSTS = ("127.0.0.1", "::1")
CONNECTIONS = 2000
_, HARD = resource.getrlimit(resource.RLIMIT_NOFILE)
MANY = 64 * 1024 * 1024

# Answers what came only after the client has said all: without half-close it would wait for ever.
AFTERWARDS = """
import os, socket, threading
def serve(connection):
    with connection:
        heard = b''.join(iter(lambda: connection.recv(65536), b''))
        connection.sendall(os.environ['SANDBOX_NAME'].encode() + b' heard ' + heard)
with socket.create_server(('', 80)) as server:
    print('ready', flush=True)
    while True:
        threading.Thread(target=serve, args=(server.accept()[0],)).start()
"""
ECHO = """
import asyncio, resource, socket
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
async def main():
    server = await asyncio.start_server(echo, '', 80, backlog=4096)
    print('ready', flush=True)
    await server.serve_forever()
asyncio.run(main())
"""
# What the accepted connection looks like to the server; then it is reset.
TELL_AND_RESET = """
import socket, struct
with socket.create_server(('', 80)) as server:
    print('ready', flush=True)
    while True:
        connection, address = server.accept()
        connection.sendall(address[0].encode())
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        connection.close()
"""
ECHO_DATAGRAMS = """
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
    server.bind(('', 53))
    print('ready', flush=True)
    while True:
        data, client = server.recvfrom(65535)
        server.sendto(data.upper(), client)
"""
# All are open before the first one speaks.
CLIENTS = """
import resource, socket, sys
port, count = map(int, sys.argv[1:])
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
clients = [socket.create_connection(('127.0.0.1', port)) for _ in range(count)]
for number, client in enumerate(clients):
    client.sendall(b'%d.' % number)
for number, client in enumerate(clients):
    expected = b'%d.' % number
    heard = client.recv(len(expected), socket.MSG_WAITALL)
    assert heard == expected, (number, heard)
print('all')
"""


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """A port of the host that nobody listens on."""
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("", 0))
        return int(sock.getsockname()[1])


def on_a_switch(*publications: str) -> sandbox.Topology:
    draft = Draft()
    draft.switch("lan:10.0.0.0/24")
    draft.node("a")
    draft.node("b")
    for each in publications:
        draft.publish(each)
    return draft.topology()


@contextmanager
def serving(topology: sandbox.Topology, script: str) -> Iterator[sandbox.Lab]:
    """A lab in which every published node runs `script`, which has begun to serve."""
    with ExitStack() as stack:
        lab = stack.enter_context(sandbox.Lab(topology))
        for name in dict.fromkeys(each.node for each in topology.publications):
            server = stack.enter_context(lab[name].popen([*PYTHON, script], stdout=subprocess.PIPE, text=True))
            stack.callback(server.kill)
            assert server.stdout
            assert server.stdout.readline() == "ready\n"
        yield lab


def ask(host: str, port: int, words: bytes) -> bytes:
    """What the server says once the client has said all."""
    with socket.create_connection((host, port), 5) as client:
        client.sendall(words)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_two_nodes_are_reached_over_both_families_and_half_close_is_honoured() -> None:
    ports = {"a": free_port(), "b": free_port()}
    with serving(on_a_switch(*(f"{port}:{name}:80" for name, port in ports.items())), AFTERWARDS):
        for name, port in ports.items():
            for host in HOSTS:
                assert ask(host, port, b"me") == f"{name} heard me".encode()


def test_curl_reaches_a_web_server_of_a_node(cli: Cli) -> None:
    port = free_port()
    server = ("python3", "-m", "http.server", "80")
    process = cli.start("run", "--node", "a", "-p", f"{port}:a:80", "--", *server, stdout=subprocess.DEVNULL)
    curl = ["curl", "-sf", "--retry", "50", "--retry-all-errors", "--retry-delay", "0", f"http://localhost:{port}/"]
    done = subprocess.run(curl, capture_output=True, text=True, timeout=20)
    assert "Directory listing" in done.stdout
    process.send_signal(signal.SIGINT)


def test_an_ipv6_node_is_reached_from_ipv4() -> None:
    port = free_port()
    script = AFTERWARDS.replace("('', 80)", "('::', 80), family=socket.AF_INET6")
    draft = Draft()
    draft.pair("a:fd00::1", "b:fd00::2")
    draft.publish(f"{port}:a:80")
    with serving(draft.topology(), script):
        assert ask("127.0.0.1", port, b"me") == b"a heard me"


def test_an_address_of_the_host_is_the_only_one() -> None:
    port = free_port()
    with serving(on_a_switch(f"127.0.0.2:{port}:a:80"), AFTERWARDS):
        assert ask("127.0.0.2", port, b"me") == b"a heard me"
        with pytest.raises(ConnectionRefusedError):
            ask("127.0.0.1", port, b"me")


def test_64_mib_both_ways_at_once_arrive_byte_for_byte() -> None:
    port = free_port()
    chunk = os.urandom(1024 * 1024)
    with serving(on_a_switch(f"{port}:a:80"), ECHO), socket.create_connection(("127.0.0.1", port), 20) as client:

        def speak() -> None:
            for _ in range(MANY // len(chunk)):
                client.sendall(chunk)
            client.shutdown(socket.SHUT_WR)

        speaker = threading.Thread(target=speak)
        speaker.start()
        heard, length = hashlib.sha256(), 0
        while data := client.recv(1024 * 1024):
            heard.update(data)
            length += len(data)
        speaker.join()
    assert length == MANY
    assert heard.digest() == hashlib.sha256(chunk * (MANY // len(chunk))).digest()


@pytest.mark.skipif(HARD < 3 * CONNECTIONS, reason=f"ulimit -Hn is {HARD}: others wait, as they should")
@pytest.mark.deadline(60)
def test_2000_connections_at_once_are_each_answered() -> None:
    port = free_port()
    with serving(on_a_switch(f"{port}:a:80"), ECHO):
        words = [*PYTHON, CLIENTS, str(port), str(CONNECTIONS)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=50)
        assert (done.returncode, done.stdout) == (0, "all\n"), done.stderr


def test_nobody_who_listens_is_a_reset_at_once() -> None:
    port = free_port()
    with sandbox.Lab(on_a_switch(f"{port}:a:80")):
        begun = time.monotonic()
        with socket.create_connection(("127.0.0.1", port), 5) as client, pytest.raises(ConnectionResetError):
            client.recv(1)
        assert time.monotonic() - begun < 1


def test_the_node_sees_its_own_address_and_a_reset_is_passed_on() -> None:
    port = free_port()
    with (
        serving(on_a_switch(f"{port}:a:80"), TELL_AND_RESET),
        socket.create_connection(("127.0.0.1", port), 5) as client,
    ):
        assert client.recv(99) == b"10.0.0.1"
        client.sendall(b"x")
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_several_clients_send_datagrams_and_each_hears_its_own() -> None:
    port = free_port(socket.SOCK_DGRAM)
    with serving(on_a_switch(f"{port}:a:53/udp"), ECHO_DATAGRAMS), ExitStack() as stack:
        clients = []
        for number in range(20):
            host, family = (("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6))[number % 2]
            client = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
            client.settimeout(5)
            client.connect((host, port))  # whoever else answers is not heard
            clients.append(client)
        for size in (1, 9000, 60000):
            for number, client in enumerate(clients):
                client.send(b"%d" % number + b"x" * size)
                assert client.recv(65535) == b"%d" % number + b"X" * size


def test_a_datagram_is_answered_from_where_it_was_sent_to() -> None:
    port = free_port(socket.SOCK_DGRAM)
    with (
        serving(on_a_switch(f"{port}:a:53/udp"), ECHO_DATAGRAMS),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        client.settimeout(5)
        for host in ("127.0.0.5", "127.0.0.6"):
            client.sendto(b"x", (host, port))
            assert client.recvfrom(9) == (b"X", (host, port))


def test_a_port_that_is_taken_is_named(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = cli("run", "--node", "a", "-p", f"{port}:a:80", "--", "true")
    assert done.returncode == 125
    assert f"port {port}/tcp of the host is taken" in one_error_line(done.stderr)


def test_a_port_of_roots_is_named(cli: Cli) -> None:
    first = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    if first <= 1:
        pytest.skip("every port is anybody's here")
    # In a user namespace root has no such right over the host either.
    done = cli("run", "--as-root", "--node", "a", "-p", f"{first - 1}:a:80", "--", "true")
    assert done.returncode == 125
    assert f"port {first - 1} of the host is for root" in one_error_line(done.stderr)


def test_an_address_of_others_is_named(cli: Cli) -> None:
    done = cli("run", "--node", "a", "-p", f"192.0.2.1:{free_port()}:a:80", "--", "true")
    assert done.returncode == 125
    assert "'192.0.2.1' is no address of this host" in one_error_line(done.stderr)


def test_the_port_is_free_within_a_second_of_a_kill(cli: Cli) -> None:
    port = free_port()
    process = cli.start("run", "--node", "a", "-p", f"{port}:a:80", "--", *PYTHON, AFTERWARDS)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    assert ask("127.0.0.1", port, b"me")
    process.kill()
    process.wait(5)
    wait_for(lambda: is_free(port), within=1, what=f"port {port} is free")
    cli.await_nothing_left()


def test_the_port_of_a_node_that_is_taken_away_is_free() -> None:
    ports = {"a": free_port(), "b": free_port()}
    with sandbox.Lab(on_a_switch(*(f"{port}:{name}:80" for name, port in ports.items()))) as lab:
        assert not is_free(ports["a"])
        lab.remove_node("a")
        wait_for(lambda: is_free(ports["a"]), within=1, what="the port is free")
        assert not is_free(ports["b"])


def is_free(port: int) -> bool:
    try:
        socket.create_server(("", port)).close()
    except OSError:
        return False
    return True


def test_the_relay_can_do_nothing_but_pass_on() -> None:
    port = free_port()
    with serving(on_a_switch(f"{port}:a:80"), AFTERWARDS) as lab:
        (relay,) = (each for each in lab.processes() if each.cmdline() != [*PYTHON, AFTERWARDS])
        status = Path(f"/proc/{relay.pid}/status").read_text()
        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert f"{kind}:\t0000000000000000\n" in status
        if os.getuid() == 0:  # nobody else may see: 0-2 are /dev/null, two listen, one is epoll's
            assert relay.num_fds() == 3 + 2 + 1


@pytest.mark.parametrize("options", [(), ("--as-root",)], ids=["", "as-root"])
def test_no_command_can_look_into_the_relay(cli: Cli, options: tuple[str, ...]) -> None:
    words = ("run", *options, "--node", "a", "-p", f"{free_port()}:a:80", "--")
    assert cli(*words, "sh", "-c", "ls /proc | grep -cx '[0-9]*'").stdout == "5\n"  # init, relay, sh, ls, grep
    assert cli(*words, *PYTHON, LOOK_INTO_OTHERS).stdout == ""


def test_a_launch_that_publishes_nothing_loads_nothing_of_it() -> None:
    script = "import sys, sandbox.cli.run, sandbox.init, sandbox.init.spawn; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert "sandbox.init" in loaded
    assert not {f"sandbox.{name}" for name in ("outside", "relay", "listening", "ways", "masquerade")} & set(loaded)
