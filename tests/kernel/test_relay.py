"""The relay by itself, turn by turn: what it holds, whom it makes wait, and when it lets go."""

from __future__ import annotations

import resource
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

import pytest

from sandbox.messages import adopt
from sandbox.outside import connection, datagrams, relay
from sandbox.outside.connection import CHUNK
from sandbox.outside.listening import IP_PKTINFO
from sandbox.outside.relay import Relay

RESET = struct.pack("ii", 1, 0)


@dataclass
class Bench:
    """A relay between two sockets of this host: clients come to `port`, the server is what they are led to."""

    relay: Relay
    server: socket.socket
    port: int
    stack: ExitStack

    def turn_until(self, fact: Callable[[], object], *, within: float = 5) -> None:
        deadline = time.monotonic() + within
        while not fact():
            assert time.monotonic() < deadline, f"not within {within} s"
            self.relay._turn()

    def accept(self) -> socket.socket:
        """The server's end of the next connection; it does not block."""
        found: list[socket.socket] = []
        self.server.setblocking(False)

        def is_accepted() -> bool:
            with suppress(BlockingIOError):
                found.append(self.stack.enter_context(self.server.accept()[0]))
                found[0].setblocking(False)
            return bool(found)

        self.turn_until(is_accepted)
        return found[0]

    def pair(self) -> tuple[socket.socket, socket.socket]:
        """A client, and the server's end of its connection; neither blocks."""
        client = self.stack.enter_context(socket.create_connection(("127.0.0.1", self.port), 5))
        client.setblocking(False)
        return client, self.accept()

    def hear(self, sock: socket.socket, length: int = -1) -> bytes:
        """So much as comes on a socket; by default all until it is closed."""
        said = bytearray()

        def is_all() -> bool:
            with suppress(BlockingIOError):
                data = sock.recv(65536)
                said.extend(data)
                return not data or len(said) == length
            return False

        self.turn_until(is_all)
        return bytes(said)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn does not wait for more than it takes here."""
    monkeypatch.setattr(relay, "RETRY_S", 0.001)
    monkeypatch.setattr(Relay, "_patience_s", lambda _: 0.001)


@contextmanager
def bench(kind: socket.SocketKind, *, most: int = 300) -> Iterator[Bench]:
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket(socket.AF_INET, kind))
        server.bind(("127.0.0.1", 0))
        front = socket.socket(socket.AF_INET, kind)
        front.bind(("", 0))
        port = front.getsockname()[1]
        if kind == socket.SOCK_STREAM:
            server.listen()
            front.listen()
        else:
            front.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        front.setblocking(False)
        made = Relay(most)
        listener = adopt(front.detach())
        made.publish(listener, server.getsockname())
        try:
            yield Bench(made, server, port, stack)
        finally:
            for connection in made._connections:
                connection.close()
            for each in made._datagrams:
                for key in list(each._sessions):
                    each._close(key)
            made._epoll.close()
            listener.close()


@pytest.fixture
def streams() -> Iterator[Bench]:
    with bench(socket.SOCK_STREAM) as made:
        yield made


@pytest.fixture
def packets() -> Iterator[Bench]:
    with bench(socket.SOCK_DGRAM) as made:
        yield made


def test_who_does_not_read_is_waited_for_and_little_is_held(streams: Bench) -> None:
    client, server = streams.pair()
    (only,) = streams.relay._connections
    sent = 0

    def is_stuck() -> bool:
        nonlocal sent
        before = sent
        for _ in range(50):
            try:
                sent += client.send(bytes(CHUNK))
            except BlockingIOError:
                streams.relay._turn()
        return sent == before

    streams.turn_until(is_stuck)
    assert sent > CHUNK
    assert 0 < len(only._flows[0]._held) <= CHUNK
    # The kernel's buffers are full: a turn has nothing to do, and none is left for the next.
    assert not only.go_on()
    assert not streams.relay._unfinished
    assert len(streams.hear(server, sent)) == sent


def test_a_connection_with_much_to_say_gets_turn_after_turn(streams: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CHUNK", 1000)
    client, server = streams.pair()
    (only,) = streams.relay._connections
    said = bytes(100_000)
    client.sendall(said)
    # Told once that there is something, the relay is not told again: nothing more comes.
    streams.turn_until(lambda: only in streams.relay._unfinished)
    assert streams.hear(server, len(said)) == said
    assert not streams.relay._unfinished


def test_a_reset_reaches_the_other_side_at_once_and_both_are_forgotten(streams: Bench) -> None:
    for which in (0, 1):
        ends = streams.pair()
        ends[which].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        ends[which].close()
        streams.turn_until(lambda: not streams.relay._connections)
        with pytest.raises(ConnectionResetError):
            ends[1 - which].recv(1)
        assert len(streams.relay._watched) == 1


def test_half_closed_from_either_side_the_rest_still_flows(streams: Bench) -> None:
    for which in (0, 1):
        ends = streams.pair()
        here, there = ends[which], ends[1 - which]
        here.sendall(b"all I say")
        here.shutdown(socket.SHUT_WR)
        assert streams.hear(there) == b"all I say"
        there.sendall(b"an answer")
        there.close()
        assert streams.hear(here) == b"an answer"
        streams.turn_until(lambda: not streams.relay._connections)


def test_one_too_many_waits_until_another_is_over() -> None:
    with bench(socket.SOCK_STREAM, most=6) as crowded:
        first, _ = crowded.pair()
        crowded.pair()
        third = crowded.stack.enter_context(socket.create_connection(("127.0.0.1", crowded.port), 5))
        for _ in range(5):
            crowded.relay._turn()
        assert len(crowded.relay._connections) == 2
        first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        first.close()
        third.sendall(b"me")
        assert crowded.hear(crowded.accept(), 2) == b"me"


def test_without_descriptors_it_waits_and_goes_on_later(streams: Bench) -> None:
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    client = streams.stack.enter_context(socket.create_connection(("127.0.0.1", streams.port), 5))
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, most))
    try:
        for _ in range(3):
            streams.relay._turn()
        assert not streams.relay._connections
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, most))
    streams.turn_until(lambda: streams.relay._connections)
    client.close()


def speak(packets: Bench, words: bytes) -> socket.socket:
    client = packets.stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    client.connect(("127.0.0.1", packets.port))
    client.send(words)
    return client


def test_a_client_that_was_silent_for_a_minute_is_forgotten(packets: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    (sessions,) = packets.relay._datagrams
    speak(packets, b"x")
    packets.turn_until(lambda: sessions.has_clients)
    for _ in range(3):
        packets.relay._turn()
    assert sessions.has_clients
    monkeypatch.setattr(datagrams, "monotonic", lambda: time.monotonic() + datagrams.IDLE_S + 1)
    packets.turn_until(lambda: not sessions.has_clients)
    assert len(packets.relay._watched) == 1


def test_of_too_many_clients_the_longest_silent_is_forgotten(packets: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datagrams, "MOST", 3)
    (sessions,) = packets.relay._datagrams
    first = speak(packets, b"1")
    ports = []
    for number in range(2, 5):
        packets.turn_until(lambda number=number: len(sessions._sessions) == number - 1)
        if number == 4:
            first.send(b"still here")
            packets.relay._turn()
        ports.append(speak(packets, b"%d" % number).getsockname()[1])
    packets.turn_until(lambda: any(client[1] == ports[-1] for client, *_ in sessions._sessions))
    known = [client[1] for client, *_ in sessions._sessions]
    assert known == [ports[1], first.getsockname()[1], ports[2]]


def test_nobody_who_listens_costs_no_later_datagram(packets: Bench) -> None:
    address = packets.server.getsockname()
    packets.server.close()
    client = speak(packets, b"lost")
    (sessions,) = packets.relay._datagrams
    packets.turn_until(lambda: sessions.has_clients)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as later:
        later.bind(address)
        later.setblocking(False)
        client.send(b"heard")
        assert packets.hear(later, 5) == b"heard"
