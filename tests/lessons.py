"""What the texts of lessons quote, and what their commands begin with."""

from __future__ import annotations

import re
from pathlib import Path

from sandbox import lessons
from sandbox.lessons.lesson import LANGUAGES, Lesson, Step

THERE = {path.stem for path in Path(lessons.__file__).parent.glob("*.toml")}
LESSONS = {name: lessons.read(name) for name in lessons.NAMES if name in THERE}
QUOTED = re.compile(r"`([^`]+)`")
# What follows these is the beginning of a command; so is the beginning of what stands in quotes after `sh -c`.
BEGINS = re.compile(r"(?:^|[;&|(]|\b(?:do|then|until|while|if|exec)\b|!)\s*(?:\w+=\S*\s+)*([\w./-]+)")
ENTERS = re.compile(r"\bip netns exec \S+ ")
INNER = re.compile(r"\bsh -\w*c '([^']*)'")
STRINGS = re.compile(r"'[^']*'|\"[^\"]*\"")
REDIRECTS = re.compile(r"\d?[<>]+(?:&\d|\s*\S+)")
# Of the shell, and of packages that every machine has: coreutils, grep, sed, util-linux' mount.
OF_EVERY_MACHINE = frozenset(
    """cat cd do done echo else env exec exit false fi for grep head if kill ls mkdir mktemp mount mv printf read
    readlink rm sed seq sh sleep sort stat tail tee test then timeout touch tr true until wait wc while
    """.split()  # noqa: SIM905 - a line, not a column
)


def quoted(text: str) -> set[str]:
    """Everything in backticks."""
    return set(QUOTED.findall(text))


def programs(words: str) -> set[str]:
    """The programs that a line for `sh` starts, as far as they are not everybody's."""
    found = {program for inner in INNER.findall(words) for program in programs(inner)}
    bare = REDIRECTS.sub("", ENTERS.sub("; ip; ", STRINGS.sub("''", words)))
    found |= {match[1] for match in BEGINS.finditer(bare)}
    return {each for each in found - OF_EVERY_MACHINE if not each.startswith("-") and not each.isdecimal()}


def is_a_command(span: str, lesson: Lesson) -> bool:
    """Whether it is a command rather than a name or a piece of output: a program of the lesson and words to it."""
    return span.partition(" ")[0] in {*lesson.needs, "ip"} and " " in span


def begins_one(span: str, step: Step) -> bool:
    """Whether it is the beginning of a command of the step, or of what that runs in another place."""
    for words in (*step.run, *step.look):
        if any(f"{each} ".startswith(f"{span} ") for each in (words, *ENTERS.split(words)[1:])):
            return True
    return False


def false_quotations(lesson: Lesson) -> list[str]:
    """Commands that a text quotes and its step does not issue."""
    return [
        f"{number}: `{span}`"
        for number, step in enumerate(lesson.steps, 1)
        for language in LANGUAGES
        for span in quoted(getattr(step.text, language))
        if is_a_command(span, lesson) and not begins_one(span, step)
    ]
