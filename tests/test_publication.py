"""What may be published, and which two publications want the same port."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reliability.nearly import ANY_TEXT
from sandbox.errors import RequestError
from sandbox.topology.publication import Publication

from .refusal import refusal


@pytest.mark.parametrize(
    ("text", "publication"),
    [
        ("8080:a:80", Publication(8080, "a", 80)),
        ("1:a:65535", Publication(1, "a", 65535)),
        ("53:dns:53/udp", Publication(53, "dns", 53, "udp")),
        ("127.0.0.1:8080:a:80", Publication(8080, "a", 80, "tcp", "127.0.0.1")),
        ("0.0.0.0:8080:a:80", Publication(8080, "a", 80, "tcp", "0.0.0.0")),
        ("[::1]:8080:a:80", Publication(8080, "a", 80, "tcp", "::1")),
        ("[::]:53:a:53/udp", Publication(53, "a", 53, "udp", "::")),
        ("80:80:80", Publication(80, "80", 80)),
    ],
)
def test_what_is_accepted_is_understood(text: str, publication: Publication) -> None:
    assert Publication.parse(text) == publication
    assert str(publication) == text


def test_tcp_is_what_is_meant_by_default() -> None:
    assert Publication.parse("8080:a:80/tcp") == Publication.parse("8080:a:80")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "not a publication"),
        ("8080", "not a publication"),
        ("8080:80", "not a publication"),
        ("a:80", "not a publication"),
        ("8080:a:80/", "not a publication"),
        ("::1:8080:a:80", "not a publication"),
        ("[::1:8080:a:80", "not a publication"),
        ("[::1]8080:a:80", "not a publication"),
        ("[]:8080:a:80", "not a publication"),
        (":8080:a:80", "not a publication"),
        ("[::1]:127.0.0.1:8080:a:80", "not a publication"),
        (":a:80", "not a port"),
        ("8080:a:", "not a port"),
        ("x:a:80", "not a port"),
        ("8080:a:http", "not a port"),
        (" 8080:a:80", "not a port"),
        ("8080:a:80 ", "not a port"),
        ("08080:a:80", "not a port"),
        ("+80:a:80", "not a port"),
        ("8_0:a:80", "not a port"),
        ("-1:a:80", "not a port"),
        ("8080-8090:a:80", "not a port"),
        ("\u0668\u0660:a:80", "not a port"),
        ("\u00b2:a:80", "not a port"),
        ("9" * 5000 + ":a:80", "not a port"),
        ("0:a:80", "0: not a port"),
        ("8080:a:0", "0: not a port"),
        ("65536:a:80", "65536: not a port"),
        ("8080:a:70000", "70000: not a port"),
        ("8080::80", "names use"),
        ("8080:A:80", "names use"),
        ("8080:a b:80", "names use"),
        ("8080:localhost:80", "choose another name"),
        ("8080:a:80/sctp", "not a protocol"),
        ("8080:a:80/UDP", "not a protocol"),
        ("8080:a:80/udp/tcp", "not a protocol"),
        ("localhost:8080:a:80", "not an IP address of this host"),
        ("127.1:8080:a:80", "not an IP address of this host"),
        ("224.0.0.1:8080:a:80", "not an IP address of this host"),
        ("[ff02::1]:8080:a:80", "not an IP address of this host"),
        ("[fe80::1%eth0]:8080:a:80", "not an IP address of this host"),
        ("[x]:8080:a:80", "not an IP address of this host"),
    ],
)
def test_what_is_no_publication_is_refused(text: str, what: str) -> None:
    assert what in refusal(Publication.parse, text)


@pytest.mark.parametrize("value", [8080, True, None, b"8080:a:80", (8080, "a", 80)])
def test_what_is_not_text_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError):
        Publication.parse(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("port", ["80", 80.0, True, None])
def test_a_port_that_is_no_number_is_a_type_error(port: object) -> None:
    with pytest.raises(TypeError, match="a port is a number"):
        Publication(port, "a", 80)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a port is a number"):
        Publication(80, "a", port)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "collide"),
    [
        ("8080:a:80", "8080:a:80", True),
        ("8080:a:80", "8080:b:81", True),
        ("8080:a:80", "8081:a:80", False),
        ("8080:a:80", "8080:a:80/udp", False),
        ("8080:a:80/udp", "8080:b:80/udp", True),
        ("8080:a:80", "127.0.0.1:8080:b:80", True),
        ("8080:a:80", "[::1]:8080:b:80", True),
        ("8080:a:80", "0.0.0.0:8080:b:80", True),
        ("8080:a:80", "[::]:8080:b:80", True),
        ("0.0.0.0:8080:a:80", "127.0.0.1:8080:b:80", True),
        ("0.0.0.0:8080:a:80", "[::1]:8080:b:80", False),
        ("0.0.0.0:8080:a:80", "[::]:8080:b:80", False),
        ("[::]:8080:a:80", "[::1]:8080:b:80", True),
        ("[::]:8080:a:80", "[0::0]:8080:b:80", True),
        ("[::1]:8080:a:80", "[0:0::1]:8080:b:80", True),
        ("127.0.0.1:8080:a:80", "127.0.0.2:8080:b:80", False),
        ("127.0.0.1:8080:a:80", "[::1]:8080:b:80", False),
        ("127.0.0.1:8080:a:80", "127.0.0.1:8080:a:81", True),
    ],
)
def test_two_collide_when_the_kernel_could_give_the_port_to_one_only(one: str, other: str, collide: bool) -> None:
    first, second = Publication.parse(one), Publication.parse(other)
    assert first.collides(second) is second.collides(first) is collide


WORDS = st.one_of(st.integers(-1, 70_000).map(str), st.ip_addresses().map(str), st.sampled_from(["a", "", "[::1]"]))


@given(
    ANY_TEXT | st.lists(WORDS, max_size=5).map(":".join) | st.tuples(WORDS, WORDS).map("8080:a:{0[0]}/{0[1]}".format)
)
def test_any_text_is_refused_or_comes_back_as_it_was_understood(text: str) -> None:
    try:
        publication = Publication.parse(text)
    except RequestError:
        refusal(Publication.parse, text)
    else:
        assert Publication.parse(str(publication)) == publication
