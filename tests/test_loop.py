"""Waiting for descriptors: who is called, in which order, and who is not."""

from __future__ import annotations

import os

import pytest

from sandbox.init.loop import Loop


class Enough(Exception):
    pass


def stop() -> None:
    raise Enough


def readable() -> tuple[int, int]:
    reading, writing = os.pipe()
    os.write(writing, b"x")
    return reading, writing


def test_what_comes_last_comes_after_all_others_of_a_turn() -> None:
    loop, called = Loop(), []
    pipes = [readable() for _ in range(3)]
    loop.watch(pipes[0][0], lambda: (called.append("last"), stop()), last=True)
    for name, (fd, _) in zip("ab", pipes[1:], strict=True):
        loop.watch(fd, lambda name=name: called.append(name))
    with pytest.raises(Enough):
        loop.run()
    assert called == ["a", "b", "last"]
    for pipe in pipes:
        for fd in pipe:
            os.close(fd)


def test_what_is_forgotten_is_not_called_even_in_the_same_turn() -> None:
    loop, called = Loop(), []
    first, second, third = readable(), readable(), readable()
    loop.watch(first[0], lambda: loop.forget(second[0]))
    loop.watch(second[0], lambda: called.append("forgotten"))
    loop.watch(third[0], stop, last=True)
    with pytest.raises(Enough):
        loop.run()
    assert called == []
    loop.forget(second[0])  # twice is fine
    for pipe in (first, second, third):
        for fd in pipe:
            os.close(fd)


def test_a_number_that_is_another_s_by_now_is_not_called_for_what_the_old_one_had() -> None:
    loop, called = Loop(), []
    first, second, third = readable(), readable(), readable()
    silent = os.pipe()

    def reuse() -> None:
        os.read(first[0], 1)
        loop.forget(second[0])
        os.dup2(silent[0], second[0])  # nothing to read there
        loop.watch(second[0], lambda: called.append("too early"))

    loop.watch(first[0], reuse)
    loop.watch(second[0], lambda: called.append("old"))
    loop.watch(third[0], stop, last=True)
    with pytest.raises(Enough):
        loop.run()
    assert called == []
    for pipe in (first, second, third, silent):
        for fd in pipe:
            os.close(fd)
