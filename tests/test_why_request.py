"""The words of `sandbox why` as a request."""

from __future__ import annotations

import pytest

from sandbox.cli.why import PLACES, WHY_HELP, WhyRequest, parse_why
from sandbox.errors import RequestError
from sandbox.why.asking import Port
from sandbox.why.probing import checksum

from .refusal import refusal


@pytest.mark.parametrize(
    ("words", "request_"),
    [
        (["x/a", "b"], WhyRequest((), ("x/a", "b"))),
        (["x/a", "x/b", "80", "--json"], WhyRequest((), ("x/a", "x/b", "80"), None, True)),
        (["-6", "x/a", "fd00::1"], WhyRequest((), ("x/a", "fd00::1"), 6)),
        (["--netns", "red", "--netns", "blue"], WhyRequest((("--netns", "red"), ("--netns", "blue")), ())),
        (["--netns=red", "10.0.0.1", "53/udp"], WhyRequest((("--netns", "red"),), ("10.0.0.1", "53/udp"))),
        (["--pid", "7", "--netns", "r", "80"], WhyRequest((("--pid", "7"), ("--netns", "r")), ("80",))),
    ],
)
def test_words_become_a_request(words: list[str], request_: WhyRequest) -> None:
    assert parse_why(words) == request_


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "nobody asks - usage: sandbox why LAB/A"),
        (["x/a"], "nobody to reach"),
        (["--netns", "red"], "nobody to reach"),
        (["--netns"], "--netns wants a name or a path"),
        (["--pid"], "--pid wants a process"),
        (["x/a", "b", "80", "90"], "'90': more than there is to say"),
        (["--netns", "red", "--netns", "blue", "80", "90"], "'90': more than there is to say"),
        (["x/a", "b", "--jsn"], "'--jsn': no such option - did you mean --json?"),
        (["-4", "-6", "x/a", "b"], "-4 and -6 exclude each other"),
    ],
)
def test_words_that_make_no_sense_are_refused(words: list[str], says: str) -> None:
    assert says in refusal(parse_why, words)


def test_help_is_asked_for_anywhere() -> None:
    assert parse_why(["x/a", "--help"]) is None


def test_the_examples_of_the_help_are_read() -> None:
    examples = [line.split()[2:] for line in WHY_HELP.splitlines() if line.startswith("  sandbox why")]
    assert len(examples) == 5
    assert all(parse_why(words) for words in examples)
    assert {word for words in examples for word in words if word in PLACES} == set(PLACES)


@pytest.mark.parametrize(
    ("text", "port"), [("80", Port(80)), ("80/tcp", Port(80)), ("53/udp", Port(53, "udp")), ("65535", Port(65535))]
)
def test_a_port_is_read(text: str, port: Port) -> None:
    assert Port.parse(text) == port


@pytest.mark.parametrize("text", ["", "0", "65536", "-1", "http", "80/sctp", "80/", "/udp", "٣", "1e3", "8 0"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="not a port - write 1 to 65535"):
        Port.parse(text)


def test_the_checksum_is_that_of_the_internet() -> None:
    # The example of RFC 1071, section 3.
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == ~0xDDF2 & 0xFFFF
    assert checksum(b"\x01") == 0xFEFF
