"""The page of a lesson: one well-formed file that fetches nothing, in which nothing that was said by others is code."""

from __future__ import annotations

import re
import subprocess
import sys
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from msgspec import structs

from sandbox.learn.performance import Claim, Ran
from sandbox.learn.record import Record
from sandbox.learn.state import Change, Place
from sandbox.page.document import page
from sandbox.page.scene import PAINTS, scene
from sandbox.page.words import WORDS
from sandbox.picture.palette import SHADES

from .records import read
from .test_picture_svg import contrast
from .worlds import World, histories, record

SVG = "{http://www.w3.org/2000/svg}"
PAIR = read("pair")
VOID = {"meta", "link"}


class Document(HTMLParser):
    """A page as its elements; it refuses what is not closed as it was opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []  # the way to each text, and the text
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute of {tag} is there twice"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert "svg" in self.open
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((" ".join(self.open), data))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def said(self, tag: str) -> list[str]:
        return [text for way, text in self.texts if way.split()[-1:] == [tag]]


@pytest.fixture(scope="module")
def document() -> Document:
    return Document(page(PAIR))


# The page.


def test_each_step_is_there_in_order(document: Document) -> None:
    assert [each["id"] for each in document.of("article")] == [f"step-{step.number}" for step in PAIR.steps]
    assert [text.strip() for text in document.said("h2") if text.strip()] == [step.title for step in PAIR.steps]
    assert document.said("kbd") == [ran.words for step in PAIR.steps for ran in step.commands]
    assert len(document.of("svg")) == len(PAIR.steps)


def test_what_a_command_printed_is_there_word_for_word_and_what_is_new_is_marked(document: Document) -> None:
    said = "".join(text for way, text in document.texts if " samp" in way)
    assert said == "".join(ran.output.rstrip("\n") for step in PAIR.steps for ran in step.commands)
    new = [ran.output[start:end] for step in PAIR.steps for ran in step.commands for start, end in ran.new]
    assert document.said("mark") == new
    assert "link-netns red" in new


def test_it_has_landmarks_and_a_voice(document: Document) -> None:
    assert [len(document.of(tag)) for tag in ("header", "main", "nav", "footer", "h1")] == [1, 1, 1, 1, 1]
    assert [each.get("role") for each in document.of("p") if each.get("id") == "status"] == ["status"]
    for drawing in document.of("svg"):
        assert drawing["role"] == "img"
    ids = [attributes["id"] for _, attributes in document.elements if attributes.get("id")]
    assert len(ids) == len(set(ids))
    named = [each["aria-labelledby"] for _, each in document.elements if each.get("aria-labelledby")]
    assert {name for names in named for name in str(names).split()} <= set(ids)


def test_a_drawing_is_told_to_those_who_cannot_see_it(document: Document) -> None:
    told = document.said("desc")
    assert told[0] == "In host: lo UNKNOWN with 127.0.0.1/8."
    assert "veth-blue DOWN, its other end is veth-red; veth-red DOWN, its other end is veth-blue. In red:" in told[4]
    assert (
        "In red: lo UNKNOWN with 127.0.0.1/8; veth-red LOWERLAYERDOWN with 192.168.1.1/24, its other end is" in told[8]
    )
    assert told[10].endswith("Packets went from red to blue. Packets went from blue to red.")
    assert told[11].endswith("Packets went from blue to red. Packets went from red to blue.")


@pytest.mark.parametrize("language", WORDS)
def test_it_speaks_the_language_of_the_record(language: str) -> None:
    document = Document(page(structs.replace(PAIR, lang=language)))
    words = WORDS[language]
    assert document.of("html") == [{"lang": words.tag}]
    assert document.said("button") == [words.back, words.next]
    assert document.of("article")[1]["data-label"] == words.step.format(number=2, count=len(PAIR.steps))


def test_a_chinese_record_is_a_chinese_page() -> None:
    document = Document(page(read("pair-zh")))
    assert document.said("desc")[8].startswith("host 中：lo UNKNOWN，地址 127.0.0.1/8。red 中：")  # noqa: RUF001
    assert "下一步" in document.said("button")


def test_all_words_are_there_in_each_language() -> None:
    english, chinese = (structs_of(WORDS[language]) for language in ("en", "zh"))
    for key, text in english.items():
        assert chinese[key]
        assert set(re.findall(r"{\w+}", chinese[key])) == set(re.findall(r"{\w+}", text)), key


def structs_of(words: Any) -> dict[str, str]:
    return {name: getattr(words, name) for name in words.__dataclass_fields__}


def test_it_fetches_nothing_and_only_its_own_script_may_run() -> None:
    text = page(PAIR)
    assert re.findall(r"https?:|//[a-z]|url\(|@import|src=", text.replace("// ", "")) == []
    assert set(re.findall(r'href="([^"]*)"', text)) == {"data:,", *(f"#step-{step.number}" for step in PAIR.steps)}
    script = text.partition("<script>")[2].partition("</script>")[0]
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in text
    assert text.count("<script") == 1


NASTY = "</script><script>alert(1)</script><!-- &amp; \"'><img src=x onerror=alert(1)> $title ${steps} {name}"


def test_whatever_a_command_says_is_text() -> None:
    step = structs.replace(
        PAIR.steps[0],
        title=NASTY,
        text=f"{NASTY} `{NASTY}`",
        commands=(Ran("look", NASTY, 3, NASTY, ((2, 30),)),),
        changes=(Change(NASTY, "~", NASTY),),
        facts=(Claim(NASTY, holds=False),),
        state={NASTY: Place()},
    )
    nasty = structs.replace(PAIR, steps=(step,), places=(NASTY,), title=NASTY, about=NASTY, machine=NASTY, lesson=NASTY)
    text = page(nasty)
    document = Document(text)
    assert document.of("img") == []
    assert len(document.of("script")) == 1
    assert document.said("kbd") == [NASTY]
    assert document.said("title")[0] == NASTY
    assert "exit status 3" in text
    assert ElementTree.fromstring(scene(nasty, 1)).tag == f"{SVG}svg"


def test_a_claim_that_is_not_so_is_seen_at_once() -> None:
    true, false = (structs.replace(PAIR.steps[0], facts=(Claim("x", holds=holds),)) for holds in (True, False))
    folded, unfolded = (Document(page(structs.replace(PAIR, steps=(step,)))) for step in (true, false))
    assert "open" not in folded.of("details")[0]
    assert "open" in unfolded.of("details")[0]
    assert "not true on this machine" in [each.get("aria-label") for each in unfolded.of("b")]


def test_paragraphs_and_code_are_told_apart() -> None:
    step = structs.replace(PAIR.steps[0], text="One `ip link`.\n\nTwo.")
    document = Document(page(structs.replace(PAIR, steps=(step,))))
    assert document.said("code") == ["ip link"]
    assert {"One ", ".", "Two."} <= {text for way, text in document.texts if way.endswith(("p", "code"))}


@settings(max_examples=30)
@given(histories())
def test_any_lesson_makes_a_page(lesson: Record) -> None:
    Document(page(lesson))


def test_wide_screens_have_a_drawing_of_their_own_if_a_phone_has_no_room_for_it() -> None:
    def drawings(count: int) -> list[str]:
        places = ("host", *(f"n{number}" for number in range(count)))
        state = dict.fromkeys(places, Place())
        found = Document(page(record(places, [state]))).of("div")
        return [str(each["class"]) for each in found if str(each.get("class")).startswith("paper")]

    assert drawings(0) == drawings(2) == ["paper any"]
    assert drawings(3) == drawings(5) == ["paper wide", "paper narrow"]


# One step as a picture.


def interfaces(svg: str) -> dict[str, tuple[str, str]]:
    """For each key: where the interface is, and its state."""
    found = [each for each in ElementTree.fromstring(svg).iter(f"{SVG}g") if each.get("data-interface")]
    return {str(each.get("data-key")): (str(each.get("data-interface")), str(each.get("data-state"))) for each in found}


def test_a_scene_is_the_same_each_time_the_lesson_is_given() -> None:
    """Whatever numbers and addresses the kernel chose, and whatever announcements were sent."""
    again = structs.replace(PAIR, machine="another", steps=tuple(map(with_other_numbers, PAIR.steps)))
    for step in PAIR.steps:
        assert scene(PAIR, step.number) == scene(again, step.number)
        assert not re.search(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", scene(PAIR, step.number))


def with_other_numbers(step: Any) -> Any:
    def other(interface: Any) -> Any:
        mac = interface.mac and interface.mac[::-1]
        return structs.replace(interface, index=interface.index + 7, mac=mac, sent=interface.sent + 1)

    state = {
        name: structs.replace(
            place,
            interfaces=tuple(map(other, place.interfaces)),
            neighbours=tuple(structs.replace(each, state="STALE", mac="x") for each in place.neighbours),
        )
        for name, place in step.state.items()
    }
    return structs.replace(step, state=state)


def test_a_scene_is_a_whole_picture() -> None:
    for step in PAIR.steps:
        text = scene(PAIR, step.number)
        root = ElementTree.fromstring(text)
        assert re.findall(r"https?://[^\"]*|url\(|@import|href|<script", text) == ["http://www.w3.org/2000/svg"]
        assert [each.get("data-place") for each in root.iter(f"{SVG}g") if each.get("data-place")] == list(step.state)
        title = root.find(f"{SVG}title")
        assert title is not None
        assert title.text == f"{step.number}. {step.title}"


def test_an_interface_keeps_its_key_as_it_moves() -> None:
    made, moved, over = (interfaces(scene(PAIR, number)) for number in (5, 6, 11))
    assert made["host/veth-red"] == ("host/veth-red", "DOWN")
    assert moved["host/veth-red"] == ("red/veth-red", "DOWN")
    assert over["host/veth-red"] == ("red/veth-red", "UP")
    assert over["host/veth-blue"] == ("blue/veth-blue", "UP")
    assert over["red/lo"] == ("red/lo", "UNKNOWN")


def test_an_interface_keeps_its_key_as_it_is_renamed_and_no_lo_ever_moves() -> None:
    world = World("host", "a", "b")
    world.add("a")
    _, inner = world.pair("host", "veth", "eth1")
    states = [world.state()]
    world.move(inner, "a")
    inner.name = "eth0"
    states.append(world.state())
    world.delete("a")
    world.add("b")
    lesson = record(world.places, [*states, world.state()])
    assert interfaces(scene(lesson, 2))["host/eth1"] == ("a/eth0", "DOWN")
    assert interfaces(scene(lesson, 3)) == {"host/lo": ("host/lo", "DOWN"), "b/lo": ("b/lo", "DOWN")}


def test_a_cable_is_as_good_as_its_worse_end() -> None:
    def cables(number: int) -> list[str]:
        found = [str(each.get("class")) for each in ElementTree.fromstring(scene(PAIR, number)).iter(f"{SVG}g")]
        return [each for each in found if each.startswith("cable")]

    assert [cables(number) for number in (1, 5, 9, 10, 13)] == [[], ["cable down"], ["cable down"], ["cable up"], []]


def test_packets_are_drawn_where_they_went() -> None:
    def arrows(number: int) -> int:
        return scene(PAIR, number).count('class="arrow"')

    assert [arrows(number) for number in (9, 10, 11, 12, 13)] == [0, 0, 2, 2, 0]


def test_what_is_new_is_marked() -> None:
    def new(number: int) -> list[str]:
        return re.findall(r'class="new"[^>]*/>\n?<text[^>]*>([^<]*)', scene(PAIR, number))

    assert new(1) == []
    assert new(8) == ["192.168.1.1/24", "192.168.1.2/24"]
    assert new(9) == ["192.168.1.0/24", "  dev veth-red", "LOWERLAYERDOWN"]
    assert "fresh" in scene(PAIR, 5)
    assert 'class="interface down fresh"' not in scene(PAIR, 6)


@pytest.mark.parametrize("dark", [False, True])
def test_what_is_written_can_be_read(dark: bool) -> None:
    """A contrast of at least 4.5 to 1 (WCAG 2.1, 1.4.3) of every text on whatever it may stand on."""
    shade = {(selector, what): SHADES[name][dark] for selector, what, name in PAINTS}
    on_card = (
        ".name",
        ".interface .port",
        ".address",
        ".note",
        ".kind",
        ".up .kind",
        ".down .kind",
        ".no-carrier .kind",
    )
    grounds = {text: [".interface .card", ".card"] for text in on_card}
    grounds[".name"] = [".node .head", ".host .head"]
    grounds[".note"] += [".host .card"]
    grounds[".kind"] += [".host .card"]
    for text in (".new + .note", ".new + .kind", ".address", ".interface .port"):
        grounds[text] = [*grounds.get(text, []), ".new"]
    for text, behind in grounds.items():
        for ground in behind:
            assert contrast(shade[text, "fill"], shade[ground, "fill"]) >= 4.5, (text, ground)


def test_it_is_all_in_the_package(tmp_path: Any) -> None:
    """A page can be made from what is installed, wherever one is."""
    code = "from importlib.resources import files; print(*(each.name for each in files('sandbox.page').iterdir()))"
    names = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert {"page.html", "page.css", "page.js"} <= set(names.split())
