"""The page of a lesson in a real browser: a lesson is given, and every step of its page is gone through."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox import lessons
from sandbox.learn.performance import Performance
from sandbox.learn.record import Record, record
from sandbox.learn.stage import World
from sandbox.page.document import page

from ..records import read
from ..test_picture_svg import contrast

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-first-run",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 844}
STILL = "body:not(.moving)"
MOVES_FOR = 800  # ms: see page.js

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium"),
    pytest.mark.deadline(120),
]


@pytest.fixture(scope="module")
def pair() -> Record:
    """The lesson, given for real."""
    with Performance(lessons.read("pair"), World, "en") as performance:
        while not performance.is_over:
            performance.forward()
        return record("pair", performance)


@pytest.fixture(scope="module")
def file(pair: Record, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Its page, as an address."""
    return written(pair, tmp_path_factory.mktemp("page"))


def written(lesson: Record, directory: Path) -> str:
    path = directory / f"{lesson.lesson}-{lesson.lang}.html"
    path.write_text(page(lesson), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser without a window. All that it and its driver write is in a directory of this session's."""
    api = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install playwright")
    before, own = dict(os.environ), str(tmp_path_factory.mktemp("chromium"))
    os.environ |= {"TMPDIR": own, "HOME": own, "XDG_CONFIG_HOME": own, "XDG_CACHE_HOME": own}
    try:
        with api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, chromium_sandbox=False)
            yield browser
            browser.close()
    finally:
        os.environ.clear()
        os.environ.update(before)


class Window:
    """A page that is open: where one is, and what is drawn there."""

    def __init__(self, tab: Any) -> None:
        self.tab = tab

    @property
    def step(self) -> int:
        """The number of the step that is shown, by all that say so."""
        found = self.tab.evaluate(
            """() => [
                document.querySelector(".step.current").id,
                document.querySelector("nav a[aria-current=step]").hash.slice(1),
            ]"""
        )
        assert found[0] == found[1]
        return int(found[0].removeprefix("step-"))

    @property
    def address(self) -> str:
        return str(self.tab.evaluate("location.hash"))

    def press(self, key: str) -> None:
        self.tab.keyboard.press(key)

    def settle(self) -> None:
        """Wait until nothing moves."""
        self.tab.wait_for_selector(STILL, state="attached")

    def drawn(self) -> dict[str, Any]:
        """The boxes on the screen, each as left, top, right and bottom, of the drawing that is shown."""
        return dict(
            self.tab.evaluate(
                """() => {
                    const box = (part) => {
                        const {left, top, right, bottom} = part.querySelector("rect").getBoundingClientRect();
                        return [left, top, right, bottom];
                    };
                    const drawing = [...document.querySelectorAll(".current svg")].find((svg) => svg.checkVisibility());
                    const all = (name) => Object.fromEntries(
                        [...drawing.querySelectorAll(`[data-${name}]`)].map((part) => [part.dataset[name], box(part)])
                    );
                    const states = Object.fromEntries(
                        [...drawing.querySelectorAll("[data-interface]")].map((part) =>
                            [part.dataset.interface, part.dataset.state])
                    );
                    const seen = drawing.getBoundingClientRect();
                    return {places: all("place"), interfaces: all("interface"), states,
                        opacity: getComputedStyle(drawing.closest("figure")).opacity,
                        top: seen.top, bottom: seen.bottom};
                }"""
            )
        )

    def drawings(self) -> list[str]:
        """All of them as they are now: whatever has moved is to be in its place again."""
        return list(self.tab.evaluate("[...document.querySelectorAll('svg')].map((each) => each.outerHTML)"))

    def held(self) -> dict[str, dict[str, str]]:
        """Which box holds which interfaces in which state, by where they are on the screen."""
        drawn = self.drawn()
        return {
            place: {
                name.partition("/")[2]: drawn["states"][name]
                for name, box in drawn["interfaces"].items()
                if is_within(box, walls)
            }
            for place, walls in drawn["places"].items()
        }


def is_within(box: list[float], walls: list[float]) -> bool:
    return walls[0] <= box[0] and walls[1] <= box[1] and box[2] <= walls[2] and box[3] <= walls[3]


@contextmanager
def opened(chromium: Any, address: str, **context: Any) -> Iterator[Window]:
    """A window that complains of nothing and asks nobody for anything."""
    context = {"viewport": WIDE, "reduced_motion": "reduce", **context}
    complaints: list[str] = []
    with_clock = context.pop("clock", False)
    own = chromium.new_context(**context)
    tab = own.new_page()
    tab.set_default_timeout(10_000)
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("request", lambda request: request.url.partition("#")[0] in asked or complaints.append(request.url))
    asked = {address.partition("#")[0]}
    if with_clock:
        tab.clock.install()
    tab.goto(address)
    yield Window(tab)
    assert tab.evaluate("performance.getEntriesByType('resource').map((each) => each.name)") == []
    own.close()
    assert complaints == []


def held_in(lesson: Record, number: int) -> dict[str, dict[str, str]]:
    """As Window.held(), by what the kernel said."""
    state = lesson.steps[number - 1].state
    return {name: {each.name: each.state for each in place.interfaces} for name, place in state.items()}


# Going from step to step.


def test_every_step_is_reached_by_keys_and_shows_what_the_kernel_said(chromium: Any, file: str, pair: Record) -> None:
    with opened(chromium, file, reduced_motion="no-preference", clock=True) as window:
        before = window.drawings()
        for step in pair.steps:
            if step.number > 1:
                window.press("ArrowRight")
            window.tab.clock.fast_forward(60_000)
            assert (window.step, window.drawn()["opacity"]) == (step.number, "1")
            assert window.held() == held_in(pair, step.number)
            assert 0 <= window.drawn()["top"] < window.drawn()["bottom"] <= WIDE["height"]
        assert window.held()["blue"] == {"lo": "UNKNOWN"}
        assert window.drawings() == before


def test_every_step_is_reached_by_buttons_and_back(chromium: Any, file: str, pair: Record) -> None:
    with opened(chromium, file) as window:
        back, ahead = (window.tab.get_by_role("button", name=name) for name in ("Back", "Next"))
        assert back.get_attribute("aria-disabled") == "true"
        for step in pair.steps[1:]:
            ahead.click()
            assert (window.step, window.address) == (step.number, f"#step-{step.number}")
            assert window.held() == held_in(pair, step.number)
        assert ahead.get_attribute("aria-disabled") == "true"
        ahead.click(force=True)
        for step in pair.steps[-2::-1]:
            back.click()
            assert window.step == step.number
            assert window.held() == held_in(pair, step.number)
        assert back.evaluate("(button) => button === document.activeElement")


def test_all_the_keys(chromium: Any, file: str, pair: Record) -> None:
    last = len(pair.steps)
    with opened(chromium, file) as window:
        for key, step in (
            ("j", 2), (" ", 3), ("ArrowRight", 4), ("k", 3), ("Shift+ ", 2), ("ArrowLeft", 1), ("ArrowLeft", 1),
            ("End", last), ("j", last), ("Home", 1), ("Control+j", 1), ("Alt+ArrowRight", 1), ("x", 1),
        ):  # fmt: skip
            window.press(key)
            assert window.step == step, key


def test_a_key_in_the_middle_of_a_motion_ends_it(chromium: Any, file: str, pair: Record) -> None:
    with opened(chromium, file, reduced_motion="no-preference") as window:
        before = window.drawings()
        for _ in pair.steps:
            window.press("j")
        for _ in range(6):
            window.press("k")
        assert window.step == 7
        window.settle()
        assert window.held() == held_in(pair, 7)
        assert window.drawings() == before


def test_each_step_has_an_address(chromium: Any, file: str, pair: Record) -> None:
    with opened(chromium, f"{file}#step-7") as window:
        assert window.step == 7
        assert window.held() == held_in(pair, 7)
        assert -1 <= heading_top(window, 7) < WIDE["height"] / 2
        window.tab.evaluate("location.hash = '#step-3'")
        window.tab.wait_for_selector("#step-3.current")
    with opened(chromium, f"{file}#step-99") as window:
        assert window.step == 1


def heading_top(window: Window, number: int) -> float:
    return float(window.tab.evaluate(f"document.getElementById('title-{number}').getBoundingClientRect().top"))


def test_back_in_the_browser_is_back_in_the_lesson(chromium: Any, file: str) -> None:
    with opened(chromium, file) as window:
        window.press("j")
        window.press("End")
        window.tab.go_back()
        window.tab.wait_for_selector("#step-2.current")
        window.tab.go_back()
        window.tab.wait_for_selector("#step-1.current")
        window.tab.go_forward()
        window.tab.wait_for_selector("#step-2.current")
        window.tab.reload()
        assert window.step == 2


def test_who_scrolls_turns_the_steps(chromium: Any, file: str, pair: Record) -> None:
    for viewport in (WIDE, PHONE):
        with opened(chromium, file, viewport=viewport) as window:
            for step in pair.steps:
                window.tab.evaluate(f"document.getElementById('step-{step.number}').scrollIntoView()")
                window.tab.wait_for_selector(f"#step-{step.number}.current")
                assert window.held() == held_in(pair, step.number)
                if step.number > 1:
                    assert window.address == f"#step-{step.number}"


# What moves.


def test_an_interface_slides_into_its_box(chromium: Any, file: str, pair: Record) -> None:
    with opened(chromium, f"{file}#step-5", reduced_motion="no-preference", clock=True) as window:
        window.tab.clock.pause_at(window.tab.evaluate("Date.now() + 1000"))
        start = window.drawn()["interfaces"]["host/veth-red"]
        assert is_within(start, window.drawn()["places"]["host"])
        window.press("j")
        tops = []
        for _ in range(4):
            window.tab.clock.run_for(MOVES_FOR / 4)
            tops.append(drawing_top(window, "red/veth-red"))
        assert tops == sorted(tops)
        assert tops[0] < tops[1] < tops[3]
        window.tab.clock.run_for(MOVES_FOR)
        assert window.held() == held_in(pair, 6)
        assert window.tab.evaluate("document.body.classList.contains('moving')") is False


def drawing_top(window: Window, name: str) -> float:
    """How far below the upper edge of the drawing an interface is."""
    drawn = window.drawn()
    return float(drawn["interfaces"][name][1] - drawn["top"])


def test_packets_cross_from_who_sends_to_who_answers(chromium: Any, file: str) -> None:
    for step, sender in ((11, "red"), (12, "blue")):
        with opened(chromium, f"{file}#step-{step - 1}", reduced_motion="no-preference", clock=True) as window:
            window.tab.clock.pause_at(window.tab.evaluate("Date.now() + 1000"))
            window.press("j")
            window.tab.clock.run_for(MOVES_FOR + 100)
            first = packet(window)
            window.tab.clock.run_for(300)
            later = packet(window)
            assert (first < later) == (sender == "red")
            window.tab.clock.run_for(450)
            first = packet(window)
            window.tab.clock.run_for(100)
            assert (packet(window) < first) == (sender == "red")  # the answer
            window.tab.clock.run_for(5000)
            assert window.tab.locator(".packet").count() == 0
            window.press("k")
            window.press("j")
            window.tab.clock.run_for(MOVES_FOR + 100)
            assert window.tab.locator(".packet").count() == 1
            window.press("k")
            assert window.tab.locator(".packet").count() == 0


def packet(window: Window) -> float:
    return float(window.tab.evaluate("document.querySelector('.current .packet').getBoundingClientRect().left"))


def test_nothing_moves_for_those_who_want_calm(chromium: Any, file: str, pair: Record) -> None:
    with opened(chromium, f"{file}#step-10", reduced_motion="reduce") as window:
        window.press("j")
        assert window.tab.evaluate("document.body.classList.contains('moving')") is False
        assert window.tab.locator(".packet").count() == 0
        assert window.held() == held_in(pair, 11)
        assert window.tab.locator(".current .arrow").count() == 2


# For everybody.


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_phone_has_room_for_all_of_it(chromium: Any, pair: Record, tmp_path: Path, language: str) -> None:
    lesson = pair if language == "en" else read("pair-zh")
    with opened(chromium, written(lesson, tmp_path), viewport=PHONE) as window:
        for step in lesson.steps:
            window.press("Home" if step.number == 1 else "j")
            assert window.held() == held_in(lesson, step.number)
            wide = window.tab.evaluate("""() => [...document.querySelectorAll("body *")]
                .filter((part) => !part.closest(".unseen") && part.getBoundingClientRect().right > innerWidth + 0.5)
                .map((part) => part.outerHTML.slice(0, 80))""")
            assert wide == []
            assert window.tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
            assert window.drawn()["bottom"] <= heading_top(window, step.number)


def test_lessons_of_many_places_have_another_drawing_on_a_phone(chromium: Any, tmp_path: Path) -> None:
    with Performance(lessons.read("switch"), World, "en") as performance:
        while not performance.is_over:
            performance.forward()
        lesson = record("switch", performance)
    for viewport in (WIDE, PHONE):
        with opened(chromium, written(lesson, tmp_path), viewport=viewport) as window:
            for step in lesson.steps:
                window.press("Home" if step.number == 1 else "j")
                assert window.held() == held_in(lesson, step.number)
                assert window.tab.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_letters_stay_within_their_card(chromium: Any, file: str) -> None:
    """The layout reckons with letters of a width that no font of this browser exceeds."""
    with opened(chromium, file) as window:
        beyond = window.tab.evaluate("""() => [...document.querySelectorAll(".interface text, .place text")]
            .filter((text) => {
                const own = text.getBBox(), box = text.parentNode.querySelector("rect").getBBox();
                return own.x < 0 || own.x + own.width > box.width || own.y + own.height > box.height;
            }).map((text) => text.textContent)""")
        assert beyond == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(chromium: Any, file: str, scheme: str) -> None:
    """A contrast of 4.5 to 1 (WCAG 2.1, 1.4.3), as the browser computes the colours; of drawings see test_page.py."""
    with opened(chromium, f"{file}#step-9", color_scheme=scheme) as window:
        window.tab.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
        pairs = window.tab.evaluate("""() => {
            const pairs = {};
            const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) {
                let part = walker.currentNode.parentElement;
                if (!walker.currentNode.textContent.trim() || part.closest("svg, script, .unseen")) continue;
                const colour = getComputedStyle(part).color, what = part.tagName;
                while (part && getComputedStyle(part).backgroundColor === "rgba(0, 0, 0, 0)") part = part.parentElement;
                pairs[`${colour} on ${getComputedStyle(part ?? document.documentElement).backgroundColor}`] = what;
            }
            return pairs;
        }""")
        assert len(pairs) > 5
        for colours, what in pairs.items():
            assert contrast(*map(as_hex, colours.split(" on "))) >= 4.5, (what, colours)
        ground = window.tab.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert (as_hex(ground) == "#ffffff") == (scheme == "light")


def as_hex(colour: str) -> str:
    numbers = colour.removeprefix("rgb(").removesuffix(")").split(", ")
    assert len(numbers) == 3, colour
    return "#" + "".join(f"{int(number):02x}" for number in numbers)


def test_it_can_be_heard(chromium: Any, file: str, pair: Record) -> None:
    with opened(chromium, file) as window:
        for role in ("banner", "main", "navigation", "contentinfo"):
            assert window.tab.get_by_role(role).count() == 1, role
        assert window.tab.get_by_role("article").count() == len(pair.steps)
        assert window.tab.get_by_role("heading", level=2, name="A veth pair").count() == 1
        drawing = window.tab.get_by_role("img", name="5. A veth pair")
        assert drawing.count() == 1
        assert "host: lo UNKNOWN with 127.0.0.1/8; veth-blue DOWN" in drawing.locator("desc").text_content()
        window.press("j")
        heard = window.tab.get_by_role("status").text_content()
        assert heard.startswith("Step 2 of 13: 2. Two network namespaces. In host: lo UNKNOWN")
        assert heard.endswith("In blue: lo DOWN.")


def test_who_follows_a_link_is_led_to_the_heading(chromium: Any, file: str) -> None:
    with opened(chromium, file) as window:
        window.tab.get_by_role("navigation").get_by_role("link", name="6. One end moves into red").click()
        assert window.step == 6
        assert window.tab.evaluate("document.activeElement.id") == "title-6"
        window.press("Tab")
        assert window.tab.evaluate("document.activeElement.hash") == "#step-6"


def test_it_is_read_without_a_script_too(chromium: Any, file: str, pair: Record) -> None:
    for viewport in (WIDE, PHONE):
        with opened_without_script(chromium, file, viewport) as tab:
            assert tab.locator("button:visible").count() == 0
            for step in pair.steps:
                assert tab.locator(f"#title-{step.number}").is_visible()
                box = tab.locator(f"#step-{step.number} svg").bounding_box()
                assert box["width"] > 300
            tops = [tab.locator(f"#step-{step.number} svg").bounding_box()["y"] for step in pair.steps]
            assert tops == sorted(set(tops))


@contextmanager
def opened_without_script(chromium: Any, address: str, viewport: dict[str, int]) -> Iterator[Any]:
    context = chromium.new_context(viewport=viewport, java_script_enabled=False)
    tab = context.new_page()
    tab.goto(address)
    yield tab
    context.close()


def test_it_can_be_printed(chromium: Any, file: str, pair: Record) -> None:
    with opened(chromium, f"{file}#step-4", color_scheme="dark") as window:
        window.tab.emulate_media(media="print")
        assert window.tab.locator("button:visible, nav:visible").count() == 0
        boxes = [window.tab.locator(f"#step-{step.number} svg").bounding_box() for step in pair.steps]
        tops = [box["y"] for box in boxes]
        assert tops == sorted(set(tops))
        shown = window.tab.evaluate(
            "() => [...document.querySelectorAll('figure')].map((each) => getComputedStyle(each).opacity)"
        )
        assert set(shown) == {"1"}
        assert window.tab.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(31, 35, 40)"
        paper = window.tab.pdf(format="A4")
        assert paper.startswith(b"%PDF-")
        assert (
            3 <= paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page ") + paper.count(b"/Type /Page/") <= 2 * 13
        )
