"""From a question in words to a diagnosis: who is meant, what the kernel tells of the way, what real packets do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import TYPE_CHECKING

from ..errors import RequestError
from .case import open_case
from .checks import judge
from .facts import ICMP, Question
from .probing import probe
from .reader import Reader
from .segment import cables
from .ways import owner, walk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .access import Access
    from .diagnosis import Diagnosis
    from .facts import IP, Address, Look, Place

PROTOCOLS = ("tcp", "udp")


@dataclass(frozen=True, slots=True)
class Port:
    """A port to be asked about; without a number, whether packets get there at all."""

    number: int | None = None
    protocol: str = "tcp"

    @classmethod
    def parse(cls, text: str) -> Port:
        """What is written 80, 80/tcp or 53/udp. Raises RequestError."""
        number, slash, protocol = text.partition("/")
        is_number = number.isascii() and number.isdigit() and 0 < int(number) < 65536
        if not is_number or (slash and protocol not in PROTOCOLS):
            raise RequestError(f"{text!r}: not a port - write 1 to 65535, and /udp unless it is TCP, such as 53/udp")
        return cls(int(number), protocol or "tcp")


def diagnose(
    access: Access, a: str, b: str, port: Port, *, version: int | None = None, known_as: tuple[Address, ...] = ()
) -> Diagnosis:
    """Why the place `a` cannot reach `b`, a place or an address. `known_as`: the addresses by which a knows b.

    Raises RequestError where that cannot be asked.
    """
    with Reader(access) as reader:
        question = _question(reader, a, b, port, version, known_as)
        case = open_case(question, reader)
        # The ways are read before any packet is sent; what packets leave behind, counters and neighbours, after.
        probes = probe(access, case)
        if probes.final and probes.final.ok is False:
            reader.forget()
            case = open_case(question, reader)
        return judge(replace(case, probes=probes))


def _question(
    reader: Reader, a: str, b: str, port: Port, version: int | None, known_as: tuple[Address, ...]
) -> Question:
    if b in reader.access.names:
        to = _address_of(reader, a, b, version, known_as)
        found = version or (to.version if to else _version_of(reader.place(a)))
        return _ask(a, b, to, found, port)
    to = _read_address(b, reader.access.names)
    if version not in (None, to.version):
        raise RequestError(f"{b!r}: an IPv{to.version} address, and IPv{version} was asked for - leave -{version} out")
    way = walk(reader, a, to, None, None)
    # Few need to be read where it arrives.
    place = reader.place(way.last.place) if way.arrived else owner(reader, reader.access.names, to)
    return _ask(a, place.name if place else None, to, to.version, port)


def _ask(a: str, b: str | None, to: IP | None, version: int, port: Port) -> Question:
    protocol = ICMP[version] if port.number is None else port.protocol
    return Question(a, b, to, version, port.number, protocol)


def _address_of(look: Look, a: str, b: str, version: int | None, known_as: tuple[Address, ...]) -> IP | None:
    """The address of b to try: as a knows it, else one on a link or in a subnet with a, else its first."""
    ours = look.place(a)
    if a == b and not known_as:
        known_as = tuple(own for each in ours.interfaces for own in each.addresses)
    has = known_as or tuple(_of_place(look, a, b))
    has = tuple(each for each in has if version in (None, each.version))
    speaks = {each.version for interface in ours.outward for each in interface.addresses}
    fit = [each for each in has if each.version in speaks]
    return next((each.ip for each in (*fit, *has)), None)


def _of_place(look: Look, a: str, b: str) -> Iterable[Address]:
    own = [own for version in (4, 6) for own in look.place(a).of_version(version)]
    theirs = [each for version in (4, 6) for each in look.place(b).of_version(version)]
    near = [each for each in theirs if any(each.ip in mine.network for mine in own)]
    laid = cables(look, a, b)
    joined = [each for version in (4, 6) for each in laid[-1][-1].of_version(version)] if laid else []
    return dict.fromkeys((*near, *joined, *theirs))


def _version_of(place: Place) -> int:
    return 4 if place.of_version(4) or not place.of_version(6) else 6


def _read_address(text: str, names: tuple[str, ...]) -> IP:
    try:
        ip = ip_address(text)
    except ValueError:
        known = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
        raise RequestError(f"{text!r}: neither an address nor a place that is known here - known are {known}") from None
    if ip.is_multicast or ip.is_unspecified or str(ip) == "255.255.255.255":
        raise RequestError(f"{text!r}: nobody's own address - write one that somebody has")
    if ip.version == 6 and ip.is_link_local:
        raise RequestError(f"{text!r}: a link-local address means another on each link - write a global one")
    return ip
