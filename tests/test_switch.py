"""What a switch may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reliability.nearly import ANY_TEXT, NEARLY_ADDRESSES, NEARLY_SETTINGS
from sandbox.errors import RequestError
from sandbox.topology.address import Subnet
from sandbox.topology.switch import Switch

from .refusal import refusal


@pytest.mark.parametrize(
    ("text", "switch"),
    [
        ("lan", Switch("lan")),
        ("lan:10.0.0.0/24", Switch("lan", (Subnet.parse("10.0.0.0/24"),))),
        ("lan:10.0.0.0/24,fd00::/64", Switch("lan", (Subnet.parse("10.0.0.0/24"), Subnet.parse("fd00::/64")))),
        ("lan:10.0.0.0/24,10.0.1.0/24", Switch("lan", (Subnet.parse("10.0.0.0/24"), Subnet.parse("10.0.1.0/24")))),
        ("lan:10.0.0.0/24,mtu=9000", Switch("lan", (Subnet.parse("10.0.0.0/24"),), 9000)),
        ("lan:mtu=68", Switch("lan", (), 68)),
        ("lan:fd00::/64,mtu=1280", Switch("lan", (Subnet.parse("fd00::/64"),), 1280)),
        ("0:10.0.0.0/31", Switch("0", (Subnet.parse("10.0.0.0/31"),))),
    ],
)
def test_what_is_accepted_is_understood(text: str, switch: Switch) -> None:
    assert Switch.parse(text) == switch
    assert str(switch) == text


def test_the_order_of_its_words_does_not_matter() -> None:
    assert Switch.parse("lan:mtu=9000,10.0.0.0/24") == Switch.parse("lan:10.0.0.0/24,mtu=9000")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "not a switch - write NAME[:SUBNET]"),
        (":10.0.0.0/24", "not a switch - write NAME[:SUBNET]"),
        ("10.0.0.0/24", "names use"),
        ("LAN", "names use"),
        ("lan ", "names use"),
        ("l\xe4n", "names use"),
        ("localhost:10.0.0.0/24", "choose another name"),
        ("x" * 64, "names use"),
        ("lan:", "not a subnet"),
        ("lan:10.0.0.0", "not a subnet"),
        ("lan:10.0.0.0/24,", "not a subnet"),
        ("lan:,10.0.0.0/24", "not a subnet"),
        ("lan:10.0.0.0/24, fd00::/64", "not a subnet"),
        ("lan:a:10.0.0.0/24", "not a subnet"),
        ("lan:10.0.0.1/24", "write 10.0.0.0/24"),
        ("lan:10.0.0.0/24,10.0.0.0/24", "10.0.0.0/24 and 10.0.0.0/24 have addresses in common"),
        ("lan:10.0.0.0/24,10.0.0.0/16", "10.0.0.0/16 and 10.0.0.0/24 have addresses in common"),
        ("lan:fd00::/64,10.0.0.0/8,10.1.0.0/16", "10.0.0.0/8 and 10.1.0.0/16 have addresses in common"),
        ("lan:mtu=", "not an MTU"),
        ("lan:mtu=0", "from 68 to 65535"),
        ("lan:mtu=67", "from 68 to 65535"),
        ("lan:mtu=70000", "from 68 to 65535"),
        ("lan:mtu=" + "9" * 5000, "from 68 to 65535"),
        ("lan:mtu=\u0661\u0664\u0660\u0660", "from 68 to 65535"),
        ("lan:fd00::/64,mtu=1279", "from 1280 to 65535"),
        ("lan:mtu=1400,mtu=1400", "write mtu=N once"),
        ("lan:MTU=1400", "no setting of a switch"),
        ("lan:mac=02:00:00:00:00:01", "no setting of a switch"),
        ("lan:stp=1", "no setting of a switch"),
    ],
)
def test_what_is_no_switch_is_refused(text: str, what: str) -> None:
    assert what in refusal(Switch.parse, text)


@pytest.mark.parametrize("value", [1, True, None, b"lan", ["lan"]])
def test_what_is_not_text_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError):
        Switch.parse(value)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Switch(value)  # type: ignore[arg-type]
    if value is not None:
        with pytest.raises(TypeError):
            Switch("lan", (), "1400")  # type: ignore[arg-type]


@given(ANY_TEXT | st.lists(NEARLY_ADDRESSES | NEARLY_SETTINGS, max_size=3).map(lambda words: f"lan:{','.join(words)}"))
def test_any_text_is_refused_or_comes_back_as_it_was_understood(text: str) -> None:
    try:
        switch = Switch.parse(text)
    except RequestError:
        refusal(Switch.parse, text)
    else:
        assert Switch.parse(str(switch)) == switch
