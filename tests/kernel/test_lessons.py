"""Every lesson end to end: what it claims is so, what it quotes is there, and its script runs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from reliability.census import Census, wait_for
from sandbox import lessons
from sandbox.learn.stage import environment
from sandbox.lessons.lesson import LANGUAGES, with_faults

from ..lessons import LESSONS, is_a_command, quoted
from .conftest import Cli, one_error_line

each_lesson = pytest.mark.parametrize("name", LESSONS)
PATH = environment()["PATH"]
COUNTS = re.compile(r'\sdata-(ahead|back|hop)="\d+"')  # of packets, among them the kernel's own


def lacking(name: str) -> list[str]:
    """The programs of a lesson that are not here."""
    return [program for program in LESSONS[name].needs if not shutil.which(program, path=PATH)]


@pytest.fixture(autouse=True)
def needs(request: pytest.FixtureRequest) -> None:
    """A lesson whose programs are not here cannot be given, which is told."""
    callspec = getattr(request.node, "callspec", None)
    if missing := lacking((callspec and callspec.params.get("name")) or "pair"):
        pytest.skip(f"not installed: {', '.join(missing)}")


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left() -> Iterator[None]:
    """The machine has the links, tables and mounts that it had, and no more network namespaces."""
    before = Census.take("nobody")
    yield
    of_ours = ("links", "tables", "mounts", "network_namespaces")
    wait_for(
        lambda: not [each for each in Census.take("nobody").left_since(before) if each.startswith(of_ours)],
        within=5,
        what="nothing is left",
    )


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    """The record of a lesson in English. Each is given once, and all at the same time."""
    cli = Cli(tmp_path_factory.mktemp("lessons"))
    running = {name: cli.start("learn", name, "--json", "--lang", "en") for name in LESSONS if not lacking(name)}

    @cache
    def record(name: str) -> Any:
        output, error = running[name].communicate(timeout=100)
        assert running[name].returncode == 0, error or output[-2000:]
        return json.loads(output)

    yield record
    cli.close()
    cli.kill()


@pytest.mark.deadline(120)
@each_lesson
def test_every_fact_of_a_lesson_holds(records: Callable[[str], Any], name: str) -> None:
    steps = records(name)["steps"]
    assert len(steps) == len(with_faults(LESSONS[name]).steps)
    assert [(step["number"], fact) for step in steps for fact in step["facts"] if not fact["holds"]] == []


@each_lesson
def test_what_a_text_quotes_was_seen_by_then(records: Callable[[str], Any], name: str) -> None:
    lesson = LESSONS[name]
    seen = " ".join(lesson.needs)
    for step, frame in zip(with_faults(lesson).steps, records(name)["steps"], strict=True):
        for ran in frame["commands"]:
            seen += f"\n{ran['words']}\n{ran['output']}"
        for span in quoted(step.text.en) | quoted(step.text.zh):
            assert is_a_command(span, lesson) or span in seen, f"{name} {frame['number']}: `{span}`"


@pytest.mark.deadline(120)
@each_lesson
def test_the_scripts_of_a_lesson_run(cli: Cli, tmp_path: Path, name: str) -> None:
    """Both at the same time: one from a pipe, one from a file."""
    scripts = {language: cli("learn", name, "--sh", "--lang", language).stdout for language in LANGUAGES}
    path = tmp_path / "lesson.sh"
    path.write_text(scripts["zh"])
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    started = [
        (subprocess.Popen(words, env=cli.environment, **options), given)  # type: ignore[call-overload]
        for words, given in ((["sh", "-eu"], scripts["en"]), (["sh", "-eu", str(path)], ""))
    ]
    expected = [words for step in with_faults(LESSONS[name]).steps for words in (*step.run, *step.look)]
    for process, given in started:
        output, _ = process.communicate(given, timeout=100)
        assert process.returncode == 0, output[-2000:]
        shown = [line[2:] for line in output.splitlines() if line.startswith("$ ")]
        assert shown == [words.partition("\n")[0] for words in expected]
    cli.await_nothing_left()


def test_a_lesson_speaks_chinese(cli: Cli) -> None:
    done = cli("learn", "pair", "--no-pause", "--lang", "zh")
    assert done.returncode == 0, done.stderr
    assert LESSONS["pair"].title.zh in done.stdout
    assert LESSONS["pair"].steps[-1].title.zh in done.stdout


def test_the_language_is_that_of_the_user(cli: Cli) -> None:
    for variables, title in (
        ({"LANG": "zh_CN.UTF-8"}, LESSONS["pair"].title.zh),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, LESSONS["pair"].title.en),
        ({"LANG": "de_DE.UTF-8"}, LESSONS["pair"].title.en),
    ):
        bare = {key: content for key, content in cli.environment.items() if not key.startswith(("LC_", "LANG"))}
        assert title in cli("learn", "pair", "--sh", env={**bare, **variables}).stdout


# --- the article, line by line


class Said:
    """What each command of a hand-out said, every time that it was run."""

    def __init__(self, handout: str) -> None:
        self._said: dict[str, list[str]] = {}
        for block in re.findall(r"^```console\n(.*?)^```$", handout, re.MULTILINE | re.DOTALL):
            for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                words, _, output = part.partition("\n")
                self._said.setdefault(words, []).append(output)

    def by(self, words: str) -> list[str]:
        return self._said[words]

    def links(self, words: str) -> list[dict[str, str]]:
        """Of each time that `ip link show` was run in a place: how `ip` itself describes each interface."""
        return [dict(_links(output)) for output in self._said[words]]


def _links(output: str) -> Iterator[tuple[str, str]]:
    for part in re.split(r"^\d+: ", output, flags=re.MULTILINE)[1:]:
        name, _, described = part.partition(": ")
        yield name, described


def test_the_pair_shows_every_observation_of_the_experiment(cli: Cli) -> None:
    """Read from what `ip` and ping print, not by any reading of ours."""
    done = cli("learn", "pair", "--md")
    assert done.returncode == 0, done.stderr
    said = Said(done.stdout)

    # Two namespaces are listed; in each there is lo alone, and it is DOWN; brought up, it is UNKNOWN.
    nothing, two, *_ = said.by("ip netns list")
    assert nothing == ""
    assert sorted(two.split()) == ["blue", "red"]
    fresh, up = said.links("ip -n red link show")[:2]
    assert list(fresh) == list(up) == ["lo"]
    assert "state DOWN" in fresh["lo"]
    assert "<LOOPBACK,UP,LOWER_UP>" in up["lo"]
    assert "state UNKNOWN" in up["lo"]

    # The pair is seen on the host, each end DOWN, its peer down as well (M-DOWN).
    alone, both, one, none = said.links("ip link show")
    assert list(alone) == ["lo"]
    assert list(both) == ["lo", "veth-blue@veth-red", "veth-red@veth-blue"]
    for name in list(both)[1:]:
        assert "<BROADCAST,MULTICAST,M-DOWN>" in both[name]
        assert "state DOWN" in both[name]

    # An end that is moved vanishes from the host; the other names the namespace. Then both have gone.
    (stayed,) = set(one) - {"lo"}
    assert re.fullmatch(r"veth-blue@if\d+", stayed)
    assert "link-netns red" in one[stayed]
    assert list(none) == ["lo"]
    for place, other in (("red", "blue"), ("blue", "red")):
        *_, moved = said.links(f"ip -n {place} link show")[: 4 if place == "red" else 2]
        (end,) = set(moved) - {"lo"}
        assert re.fullmatch(rf"veth-{place}@if\d+", end)
        assert "state DOWN" in moved[end]
        assert f"link-netns {other}" in moved[end]

    # Each has an address.
    assert "192.168.1.1/24" in said.by("ip -n red -brief address")[0]
    assert "192.168.1.2/24" in said.by("ip -n blue -brief address")[0]

    # One end up: LOWERLAYERDOWN. Both: UP.
    first, both_up = (next(iter(each.values())) for each in said.links("ip -n red link show dev veth-red"))
    assert "<NO-CARRIER,BROADCAST,MULTICAST,UP>" in first
    assert "state LOWERLAYERDOWN" in first
    assert "<BROADCAST,MULTICAST,UP,LOWER_UP>" in both_up
    assert "state UP" in both_up
    still_down, up_as_well, *_ = (
        next(iter(each.values())) for each in said.links("ip -n blue link show dev veth-blue")
    )
    assert "state DOWN" in still_down
    assert "state UP" in up_as_well

    # Pings both ways, and nothing is lost.
    for place, address in (("red", "192.168.1.2"), ("blue", "192.168.1.1")):
        (ping,) = said.by(f"ip netns exec {place} ping -c 2 -i 0.2 {address}")
        assert "2 packets transmitted, 2 received, 0% packet loss" in ping

    # Deleted: the other end is gone as well.
    assert list(said.links("ip -n blue link show")[-1]) == ["lo"]
    assert "red" not in said.by("ip netns list")[-1]


# --- what is not so, or cannot be


FALSE_CLAIMS = (
    ('state = "UNKNOWN", flag', 'state = "UP", flag', "red: lo: state UP, flag LOWER_UP, address 127.0.0.1/8"),
    ('says = "link-netns red"', 'says = "link-netns green"', "a command says 'link-netns green'"),
    ('neighbour = "192.168.1.1"', 'neighbour = "192.168.1.9"', "blue: neighbour 192.168.1.9"),
    ('never_says = "red"', 'never_says = "blue"', "no command says 'blue'"),
)


def test_a_claim_that_is_not_so_is_told(cli: Cli, tmp_path: Path) -> None:
    text = lessons.source("pair")
    for written, claimed, _ in FALSE_CLAIMS:
        assert text.count(written) == 1
        text = text.replace(written, claimed)
    (tmp_path / "own.toml").write_text(text)
    done = cli("learn", "own.toml", "--no-pause", "--lang", "en")
    assert done.returncode == 1
    assert done.stderr == ""
    told = [line for line in done.stdout.splitlines() if line.startswith("!")]
    assert told == [f"! not so on this machine: {what}" for *_, what in FALSE_CLAIMS]


WAYS = """
places = ["host", "red"]
needs = ["ip"]
title = { en = "Ways" }
about = { en = "One that leads nowhere, and one that is two." }
[[steps]]
title = { en = "Two links" }
text = { en = "With a subnet each." }
run = ["ip netns add red"]
[[steps]]
title = { en = "Ways" }
text = { en = "Of neither kind has a lesson of ours any." }
run = [
    "ip link add one type veth peer name two netns red",
    "ip link set one up",
    "ip address add 192.168.1.1/24 dev one",
    "ip route add unreachable 10.1.0.0/16",
    "ip route add 10.2.0.0/16 nexthop via 192.168.1.2 weight 1 nexthop via 192.168.1.3 weight 1",
]
facts = [{ place = "host", route = "10.1.0.0/16" }, { place = "host", route = "10.2.0.0/16" }]
"""


def test_a_way_that_leads_nowhere_and_one_that_is_two_are_told(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(WAYS)
    done = cli("learn", "own.toml", "--json", "--lang", "en")
    assert done.returncode == 0, done.stderr
    for words in (
        "route unreachable 10.1.0.0/16",
        *(f"route 10.2.0.0/16 via 192.168.1.{each} dev one" for each in "23"),
    ):
        assert words in done.stdout
    page = cli("learn", "own.toml", "--svg", "2").stdout
    for words in ("unreachable 10.1.0.0/16", "via 192.168.1.2", "via 192.168.1.3"):
        assert words in page


def test_a_command_that_fails_and_should_not_is_told_and_nothing_is_left(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(lessons.source("pair").replace('"ip netns add red",', '"ip netns nosuch red",'))
    done = cli("learn", "own.toml", "--no-pause")
    assert done.returncode == 125
    assert "`ip netns nosuch red` ended with" in one_error_line(done.stderr)


def test_a_missing_program_is_told_with_its_package(cli: Cli, tmp_path: Path) -> None:
    text = lessons.source("pair").replace('needs = ["ip", "ping"]', 'needs = ["ip", "nosuch-program"]')
    (tmp_path / "own.toml").write_text(text)
    done = cli("learn", "own.toml", "--no-pause")
    assert done.returncode == 125
    assert done.stdout == ""
    assert "nosuch-program" in one_error_line(done.stderr)
    assert "apt-get install" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("own.toml",), "unknown field"),
        (("nosuch.toml",), "No such file"),
        (("piar",), "did you mean pair"),
        (("pair", "--fault", "carrier"), "no such fault"),
        (("pair", "--lang", "fr"), "write en or zh"),
        (("pair", "--sh", "--md"), "one at a time"),
        (("--md",), "--md of which lesson"),
        (("--on-host",), "--on-host of which lesson"),
        (("pair", "--on-host", "--sh"), "leave one out"),
    ],
)
def test_what_cannot_be_given_is_refused(cli: Cli, tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    (tmp_path / "own.toml").write_text("x = 1\n" + lessons.source("pair"))
    done = cli("learn", *words, "--no-pause")
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in one_error_line(done.stderr)


def test_the_file_of_a_lesson_is_shown_to_write_one_of_ones_own(cli: Cli) -> None:
    assert cli("learn", "pair", "--toml").stdout == lessons.source("pair")


def test_no_command_of_a_lesson_is_of_the_internet() -> None:
    for name, lesson in LESSONS.items():
        for words in lesson.commands:
            assert not re.search(r"\b(apt|pip|wget)\b|https?://[a-z]+\.", words), (name, words)


def test_the_picture_of_the_readme_is_of_a_run(cli: Cli) -> None:
    shown = cli("learn", "pair", "--svg", "11", "--lang", "en")
    picture = (Path(__file__).parents[2] / "docs" / "how-it-works.svg").read_text()
    assert shown.returncode == 0
    assert COUNTS.sub("", shown.stdout) == COUNTS.sub("", picture)


def test_a_page_is_written_to_a_file(cli: Cli, tmp_path: Path) -> None:
    assert cli("learn", "pair", "--html", "pair.html").returncode == 0
    page = (tmp_path / "pair.html").read_text()
    assert page.startswith("<!doctype html>")
    assert page.count("<svg") == 13


def test_a_step_that_is_not_there_is_refused_before_anything_is_done(cli: Cli) -> None:
    refused = cli("learn", "pair", "--svg", "14")
    assert refused.returncode == 2
    assert one_error_line(refused.stderr).endswith("no such step - pair has 1 to 13\n")
