"""The stretches of a launch: together they are the whole, also where the end of one was not seen."""

from __future__ import annotations

import pytest

from benchmarks.profile import STRETCHES, Launch, stretches

LAUNCHER = [(12.0, "begun"), (12.3, "seen from here"), (15.0, "import sandbox.cli.launch"), (20.0, "call syscall")]
INIT = [
    (21.0, "call PyOS_AfterFork_Child"),
    (22.5, "call unshare"),
    (23.0, "setting"),
    (23.1, "call unshare"),
    (23.6, "setting"),
    (24.5, "socket.sendmsg"),
    (25.0, "setting"),  # of something else: the network is there
    (27.0, "os.fork"),
    (28.5, "os.fork"),
    (33.5, "socket.sendmsg"),
]
A = [(28.0, "call setns"), (29.5, "socket.sendmsg"), (31.0, "os.exec")]
B = [(29.6, "call setns"), (30.5, "socket.sendmsg"), (31.5, "os.exec")]
LAUNCH = Launch(35.0, [LAUNCHER, INIT, A, B])
TOOK = [12.0, 0.3, 2.7, 5.0, 1.0, 1.5, 1.1, 0.9, 2.5, 2.6, 0.9, 1.0, 2.0, 1.5]


def test_each_stretch_begins_where_the_one_before_ends() -> None:
    found = [took for _, took in stretches(LAUNCH)]
    assert found == pytest.approx(TOOK)
    assert sum(TOOK) == pytest.approx(LAUNCH.took_ms)


def test_what_was_not_seen_counts_for_the_next() -> None:
    unseen = Launch(35.0, [LAUNCHER, [each for each in INIT if each[1] != "os.fork"], A, B])
    found = dict(stretches(unseen))
    assert found["commands sent, imports of init"] is None
    assert found["commands forked"] == pytest.approx(2.5 + 2.6)
    assert sum(filter(None, found.values())) == pytest.approx(35.0)


def test_nothing_seen_is_all_in_the_last() -> None:
    found = dict(stretches(Launch(35.0, [[], [], [], []])))
    assert list(found) == [stretch.name for stretch in STRETCHES]
    assert [took for took in found.values() if took is not None] == [35.0]
