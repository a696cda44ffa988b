"""The lessons as they are written: what their texts quote, what they need, and what is refused in one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec import structs

from sandbox import lessons
from sandbox.learn.belongings import Belongings, belongings, stray
from sandbox.learn.script import script
from sandbox.learn.trial import parties
from sandbox.lessons.lesson import LANGUAGES, Lesson, Text, parse, with_faults

from .lessons import LESSONS, THERE, false_quotations, programs, quoted
from .refusal import refusal

CODE = re.compile("`.*?`")
PAIR = lessons.source("pair")
each_lesson = pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)


def test_every_lesson_has_a_file_and_every_file_a_place_in_the_list() -> None:
    assert set(lessons.NAMES) == THERE


@each_lesson
def test_every_text_speaks_every_language(lesson: Lesson) -> None:
    texts = [lesson.title, lesson.about]
    texts += [text for step in lesson.steps for text in (step.title, step.text)]
    texts += [text for fault in lesson.faults for text in (fault.symptom, fault.truth, *fault.hints)]
    for text in texts:
        assert text.en.strip()
        assert text.en.isascii(), text.en
        is_prose = " " in CODE.sub("", text.en).strip()
        assert not is_prose or any("\u4e00" <= sign <= "\u9fff" for sign in text.zh), text.zh


@each_lesson
def test_a_text_quotes_no_command_that_its_step_does_not_issue(lesson: Lesson) -> None:
    assert false_quotations(lesson) == []


def test_a_quoted_command_that_is_not_issued_is_found() -> None:
    lesson = parse(PAIR.replace("`ip netns list` shows network", "`ip netns liss` shows network", 1))
    assert false_quotations(lesson) == ["1: `ip netns liss`"]


@each_lesson
def test_the_languages_quote_the_same(lesson: Lesson) -> None:
    for number, step in enumerate(lesson.steps, 1):
        assert quoted(step.text.en) == quoted(step.text.zh), number


@each_lesson
def test_the_needs_are_what_the_commands_begin_with(lesson: Lesson) -> None:
    begun = {program for words in lesson.commands for program in programs(words)}
    assert begun <= set(lesson.needs)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("ip netns exec red ping -c 1 b", {"ip", "ping"}),
        ("ip netns exec web python3 -m http.server 80 >/dev/null 2>&1 &", {"ip", "python3"}),
        ("until ip netns exec a curl -s b; do sleep 1; done", {"ip", "curl"}),
        ("ip netns exec a sh -c 'nft list ruleset | grep x'", {"ip", "nft"}),
        ("A=1 ip link | grep 'x; y' | awk 1", {"ip", "awk"}),
    ],
)
def test_the_programs_of_a_line_are_found(words: str, expected: set[str]) -> None:
    assert programs(words) == expected


@each_lesson
def test_a_lesson_changes_no_more_of_a_real_host_than_it_says(lesson: Lesson) -> None:
    assert (stray(lesson) is None) == lesson.on_host


@pytest.mark.parametrize(
    "words",
    [
        "sysctl -qw net.ipv4.ip_forward=1",
        "nft add table ip x",
        "mount -t tmpfs tmpfs /run",
        "ip link set eth0 down",
        "ip link delete eth0",
        "ip address add 10.0.0.1/24 dev eth0",
        "sysctl -w net.ipv4.conf.all.rp_filter=1",
        "bridge link set dev eth0 state 0",
        "kill $(ip netns pids green)",
        "ip route add default via 10.0.0.1",
        "ip netns delete green",
        "ip netns exec green ip link set lo up",
        "ip -n green link set lo up",
        "ip -n red link set veth-red netns 1",
        "ip netns list >/etc/motd",
        "ip netns list; reboot",
        "ip netns list $(reboot)",
        "python3 -m http.server 80 &",
        "ip -n 'red",
        "for n in red green; do ip -n $n link set lo up; done",
        "timeout 9 sh -c 'until reboot; do :; done'",
    ],
)
def test_a_command_that_may_touch_the_host_is_found(words: str) -> None:
    lesson = parse(PAIR)
    step = structs.replace(lesson.steps[2], run=(words,))
    assert stray(structs.replace(lesson, steps=(*lesson.steps[:2], step))) == words


@pytest.mark.parametrize(
    "words",
    [
        "ip -V",
        "ip -n red link set veth-red up",
        "ip link set dev veth-red up",
        "ip address add 10.0.0.1/24 dev veth-red",
        "ip netns exec red python3 -m http.server 80 >/dev/null 2>&1 &",
        "timeout 9 sh -c 'until ip netns exec red ss -Hltn | grep -q :80; do :; done'",
        "for n in red blue; do ip -n $n link set lo up; done",
        "kill $(ip netns pids blue)",
        "sysctl -eqw net.ipv6.conf.veth-red.disable_ipv6=1",
        "bridge fdb show br br0 dynamic",
    ],
)
def test_a_command_that_touches_only_what_the_lesson_made_is_let_through(words: str) -> None:
    lesson = parse(PAIR)
    step = structs.replace(lesson.steps[2], run=(words,))
    assert stray(structs.replace(lesson, steps=(*lesson.steps[:2], step, *lesson.steps[3:]))) is None


@pytest.mark.parametrize(
    ("words", "links"),
    [
        ("ip link add a type veth peer name b", ("a", "b")),
        ("ip link add name a type veth peer b", ("a", "b")),
        ("ip link add dev br0 type bridge", ("br0",)),
        ("ip link add link br0 name v.10 type vlan id 10", ("v.10",)),
        ("ip link add a netns red type veth peer name b netns red", ()),
        ("ip link add a type veth peer name b netns red", ("a",)),
        ("for n in a b; do ip link add $n type dummy; done", ("a", "b")),
        ("ip link set a name c", ("c",)),
        ("ip -n red link add a type veth peer name b", ()),
    ],
)
def test_the_links_that_a_lesson_makes_are_known_by_its_commands(words: str, links: tuple[str, ...]) -> None:
    lesson = parse(PAIR)
    only = structs.replace(lesson.steps[0], run=("ip netns add red", words))
    assert belongings(structs.replace(lesson, steps=(only,))) == Belongings(("red",), links)


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        ("needs =", "neds =", "unknown field"),
        ('places = ["host", "red", "blue"]', "places = []", "a place and a step"),
        ('places = ["host", "red", "blue"]', 'places = ["host", "red", "red"]', "'red' in places"),
        ('zh = "清理"', 'fr = "Rien"', "unknown field"),
        ('{ en = "Nothing stays", zh = "清理" }', "{}", "no text in any language"),
        ('place = "host", interface = "lo"', 'place = "hots", interface = "lo"', "'hots' is none of the places"),
        ('says = "red" }', 'fails = "false" }', "'false' is meant to fail"),
        ('state = "DOWN"', "state = 1", "str"),
        ("[[steps]]", "[[steps]", "not a lesson"),
    ],
)
def test_what_is_wrong_in_a_lesson_is_told_in_a_line(written: str, instead: str, message: str) -> None:
    assert written in PAIR
    assert message in refusal(parse, PAIR.replace(written, instead, 1))


def test_a_lesson_that_is_not_there_is_refused_with_what_is(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    assert "did you mean pair" in refusal(lessons.read, "piar")
    assert "No such file" in refusal(lessons.read, str(path))
    path.write_bytes(b"\xff")
    assert "UTF-8" in refusal(lessons.read, str(path))


FAULTY = (
    PAIR
    + """
[[faults]]
name = "peer"
symptom = { en = "No answer.", zh = "没有回答。" }
run = ["ip -n blue link set lo down"]
proof = "ip netns exec red ping -c 1 -W 1 192.168.1.2"
hints = []
mend = ["ip -n blue link set lo up"]
truth = { en = "Down.", zh = "关闭了。" }

[[faults]]
name = "other"
symptom = { en = "No answer.", zh = "没有回答。" }
run = ["true"]
proof = "false"
hints = []
mend = ["true"]
truth = { en = "Down.", zh = "关闭了。" }
"""
)


def test_faults_are_further_steps_that_fail_and_then_do_not() -> None:
    lesson = parse(FAULTY)
    broken, mended, *others = with_faults(lesson).steps[len(lesson.steps) :]
    assert broken.is_to_fail(lesson.faults[0].proof)
    assert broken.run == (*lesson.faults[0].run, lesson.faults[0].proof)
    assert mended.run == (*lesson.faults[0].mend, lesson.faults[0].proof)
    assert not mended.is_to_fail(lesson.faults[0].proof)
    assert len(others) == 2
    assert len(with_faults(lesson, "other").steps) == len(lesson.steps) + 2


def test_a_fault_that_is_not_there_is_refused() -> None:
    assert "there are peer, other" in refusal(with_faults, parse(FAULTY), "nosuch")
    assert "sandbox learn broken" in refusal(with_faults, parse(PAIR), "nosuch")


def test_a_lesson_in_one_language_is_read_in_that_one() -> None:
    text = Text(en="Clean up")
    assert [text.spoken(language) for language in LANGUAGES] == ["Clean up", "Clean up"]


@pytest.mark.parametrize("language", LANGUAGES)
@each_lesson
def test_a_script_is_one_of_a_shell(lesson: Lesson, language: str) -> None:
    text = script(with_faults(lesson), language)
    for words in lesson.commands:
        assert words in text


def test_whom_a_proof_is_about_is_told_by_its_words() -> None:
    from sandbox.learn.state import Interface, Place

    def place(address: str) -> Place:
        return Place((Interface("e", 1, "veth", "UP", (), None, 1500, (address,), None, None, 0, 0),))

    state = {"host": Place(), "red": place("10.0.0.1/24"), "blue": place("10.0.0.2/24")}
    assert parties("ip netns exec red ping -c 1 -W 1 10.0.0.2", state) == ("red", "blue")
    assert parties("ip netns exec red curl -sf http://10.0.0.2:8080/", state) == ("red", "blue", "8080")
    assert parties("ip netns exec red curl -m 2 http://10.0.0.2/", state) == ("red", "blue", "80")
    assert parties("ip netns exec red nc -z 10.0.0.2 80", state) == ("red", "blue", "80")
    assert parties("ip netns exec red ping -c 1 10.0.0.9", state) == ()
    assert parties("false", state) == ()
