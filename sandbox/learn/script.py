"""A lesson as a script: it runs without root, and leaves nothing. Pure."""

from __future__ import annotations

from shlex import quote
from textwrap import wrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..lessons.lesson import Lesson, Step

OPENING = """\
#!/bin/sh -eu
# {title}
#
# In a host of its own: new user, PID, mount and network namespaces, in which you are root and which end with it.
exec unshare --user --map-root-user --pid --fork --kill-child --mount --mount-proc --net sh -euc "$(cat <<'LESSON'
PATH=$PATH:/usr/sbin:/sbin
mount -t tmpfs tmpfs /run
mount -t sysfs sysfs /sys
ip link set lo up
"""
CLOSING = """LESSON
)"
"""
WIDTH = 110


def script(lesson: Lesson, language: str) -> str:
    """The lesson for `sh`, as root or not."""
    steps = "".join(_step(number, step, language) for number, step in enumerate(lesson.steps, 1))
    return OPENING.format(title=lesson.title.spoken(language)) + steps + CLOSING


def _step(number: int, step: Step, language: str) -> str:
    heading = f"\n# {number}. {step.title.spoken(language)}\n"
    return heading + "".join(_comment(step.text.spoken(language))) + "".join(_commands(step))


def _comment(text: str) -> Iterator[str]:
    for paragraph in text.splitlines():
        yield from (f"# {line}\n" for line in wrap(paragraph, WIDTH) or [""])


def _commands(step: Step) -> Iterator[str]:
    for words in (*step.run, *step.look):
        shown = f"printf '%s\\n' {quote('$ ' + words)}\n"
        if step.is_to_fail(words):
            yield f"{shown}if {words}; then echo 'this was to fail' >&2; exit 1; fi\n"
        else:
            yield f"{shown}{words}\n"
