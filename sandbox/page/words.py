"""What the page itself says, in each language of the lessons."""
# ruff: noqa: RUF001 - that is how Chinese is punctuated

from __future__ import annotations

from dataclasses import dataclass

from . import contents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..learn.state import Interface, Place


@dataclass(frozen=True)
class Words:
    """The words of one language. In braces: what is filled in."""

    tag: str  # of the language, as HTML's lang wants it
    steps: str
    step: str
    back: str
    next: str
    keys: str
    changes: str
    facts: str
    holds: str
    fails: str
    status: str
    made: str
    place: str
    nothing: str
    interface: str
    addresses: str
    port: str
    peer: str
    peer_here: str
    packets: str
    comma: str
    semicolon: str
    stop: str


WORDS = {
    "en": Words(
        tag="en",
        steps="Steps",
        step="Step {number} of {count}",
        back="Back",
        next="Next",
        keys="Keys: right arrow, j or space for the next step; left arrow or k for the one before; Home and End",
        changes="Changed in the kernel",
        facts="Checked in the kernel",
        holds="true",
        fails="not true on this machine",
        status="exit status {status}",
        made="Every output here is what the kernel said: {machine}.",
        place="In {place}: {what}",
        nothing="no interface",
        interface="{name} {state}",
        addresses=" with {addresses}",
        port=", a port of {master}",
        peer=", its other end is {name} in {place}",
        peer_here=", its other end is {name}",
        packets="Packets went from {sender} to {receiver}",
        comma=", ",
        semicolon="; ",
        stop=". ",
    ),
    "zh": Words(
        tag="zh-Hans",
        steps="步骤",
        step="第 {number} 步，共 {count} 步",
        back="上一步",
        next="下一步",
        keys="按键：→、j 或空格键前进，← 或 k 后退，Home 与 End 跳到首尾",
        changes="内核中的变化",
        facts="已向内核核实",
        holds="属实",
        fails="在这台机器上不属实",
        status="退出状态 {status}",
        made="本页的所有输出都来自真实的内核：{machine}。",
        place="{place} 中：{what}",
        nothing="没有接口",
        interface="{name} {state}",
        addresses="，地址 {addresses}",
        port="，是 {master} 的端口",
        peer="，对端是 {place} 中的 {name}",
        peer_here="，对端是 {name}",
        packets="数据包从 {sender} 到达 {receiver}",
        comma="、",
        semicolon="；",
        stop="。",
    ),
}


def telling(state: Mapping[str, Place], crossings: Iterable[tuple[str, str]], words: Words) -> str:
    """The drawing of a step for who cannot see it: which place holds what, in which state, and who sent to whom."""
    sentences = [
        words.place.format(
            place=name,
            what=words.semicolon.join(_told(each, name, words) for each in place.interfaces) or words.nothing,
        )
        for name, place in state.items()
    ]
    sentences += [words.packets.format(sender=one, receiver=other) for one, other in crossings]
    return "".join(sentence + words.stop for sentence in sentences).strip()


def _told(interface: Interface, place: str, words: Words) -> str:
    return "".join(_pieces(interface, place, words))


def _pieces(interface: Interface, place: str, words: Words) -> Iterator[str]:
    yield words.interface.format(name=interface.name, state=interface.state)
    if addresses := contents.addresses(interface):
        yield words.addresses.format(addresses=words.comma.join(addresses))
    if interface.master:
        yield words.port.format(master=interface.master)
    if peer := interface.peer:
        template = words.peer_here if peer.place == place else words.peer
        yield template.format(name=peer.name, place=peer.place)
