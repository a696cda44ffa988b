"""What a service printed: kept up to a bound, read in pieces, followed."""

from __future__ import annotations

import socket

from sandbox import messages
from sandbox.init.log import MOST_BYTES, Log, Reader
from sandbox.init.loop import Loop


class Turns(Loop):
    """A loop that is turned by hand."""

    def turn(self) -> None:
        for fd, _ in self._poll.poll(0):
            self._watched[fd][1]()


def reader(log: Log) -> tuple[Turns, socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    loop = Turns()
    Reader(loop, log, messages.adopt(theirs.detach()))
    ours.settimeout(1)
    return loop, ours


def ask(loop: Turns, ours: socket.socket, word: bytes = b"n") -> None:
    ours.send(word)
    loop.turn()


def test_pieces_come_in_order_with_their_stream_and_then_an_end() -> None:
    log = Log()
    log.add(1, b"one\n")
    log.add(2, b"two\n")
    loop, ours = reader(log)
    said = []
    for _ in range(3):
        ask(loop, ours)
        said.append(ours.recv(99))
    assert said == [b"\1one\n", b"\2two\n", messages.NO_MORE]
    ours.close()
    loop.turn()


def test_who_follows_waits_for_the_next_piece_and_hears_of_the_end() -> None:
    log = Log()
    loop, ours = reader(log)
    ask(loop, ours, messages.FOLLOW)
    log.add(1, b"late")
    assert ours.recv(99) == b"\1late"
    ask(loop, ours, messages.FOLLOW)
    log.close()
    assert ours.recv(99) == messages.NO_MORE
    ours.close()
    loop.turn()


def test_what_has_ended_is_not_waited_for() -> None:
    log = Log()
    log.close()
    loop, ours = reader(log)
    ask(loop, ours, messages.FOLLOW)
    assert ours.recv(99) == messages.NO_MORE
    ours.close()
    loop.turn()


def test_who_asks_for_more_only_after_the_end_hears_of_it_and_what_starts_again_is_followed() -> None:
    log = Log()
    loop, ours = reader(log)
    log.close()
    ask(loop, ours, messages.FOLLOW)
    assert ours.recv(99) == messages.NO_MORE
    log.open()
    ask(loop, ours, messages.FOLLOW)
    log.add(1, b"again")
    assert ours.recv(99) == b"\1again"
    ours.close()
    loop.turn()


def test_the_oldest_is_forgotten_and_who_reads_slowly_goes_on_with_what_is_left() -> None:
    log = Log()
    log.add(1, b"first")
    loop, ours = reader(log)
    ask(loop, ours)
    assert ours.recv(99) == b"\1first"
    for number in range(300):
        log.add(1, b"%d " % number + b"x" * 8192)
    kept = sum(len(log._pieces[at][1]) for at in range(len(log._pieces)))
    assert MOST_BYTES - 8200 < kept <= MOST_BYTES
    ask(loop, ours)
    assert ours.recv(99999).startswith(b"\1%d " % (300 - len(log._pieces)))
    ours.close()
    loop.turn()


def test_a_reader_that_is_gone_costs_nobody_anything() -> None:
    log = Log()
    loop, ours = reader(log)
    ask(loop, ours, messages.FOLLOW)
    ours.close()
    log.add(1, b"late")
    loop.turn()
    log.add(1, b"later")
    assert not loop._watched
