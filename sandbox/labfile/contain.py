"""The table of a lab file that puts nodes in containers: read, and written."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, to_builtins

from ..containment import Containment
from ..sizes import spell_size

Places = str | list[str]


class ContainTable(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A container for each node, and what it has."""

    bind: Annotated[
        str | list[str | list[str]],
        Meta(
            description="Files and directories of the host's, SRC[:DST] or [SRC, DST], to be written as well.",
            examples=[["data:/data"], "."],
        ),
    ] = []
    ro_bind: Annotated[
        str | list[str | list[str]], Meta(description="The same, only to be read.", examples=[["data:/data"]])
    ] = []
    tmpfs: Annotated[
        Places, Meta(description="Empty directories, DST[:SIZE], forgotten with it.", examples=[["/scratch:64M"]])
    ] = []
    rootfs: (
        Annotated[
            str,
            Meta(description="The files of another system for its root; never changed.", examples=["images/debian"]),
        ]
        | UnsetType
    ) = UNSET
    rootfs_rw: (
        Annotated[str, Meta(description="The same, and they are changed.", examples=["images/debian"])] | UnsetType
    ) = UNSET
    tmp_size: (
        Annotated[
            str | int,
            Meta(description="The most that fits into /tmp and each other tmpfs.", examples=["256M"]),
        ]
        | UnsetType
    ) = UNSET
    cap_add: Annotated[Places, Meta(description="Capabilities that it gets back.", examples=[["NET_RAW"]])] = []
    seccomp: Annotated[bool, Meta(description="Whether system calls are filtered.", examples=[False])] = True


def containment(table: ContainTable | bool) -> Containment:
    """The containment that a table tells of. Raises RequestError."""
    return Containment(**({} if isinstance(table, bool) else to_builtins(table)))


def contain_table(containment: Containment) -> ContainTable | bool:
    """The table that tells of a containment; True where there is nothing to tell."""
    table = ContainTable(
        bind=[each.words for each in containment.bind],
        ro_bind=[each.words for each in containment.ro_bind],
        tmpfs=list(map(str, containment.tmpfs)),
        rootfs=containment.rootfs or UNSET,
        rootfs_rw=containment.rootfs_rw or UNSET,
        cap_add=list(map(str.upper, containment.cap_add)),
        seccomp=containment.seccomp,
    )
    if containment.tmp_size != Containment().tmp_size:
        table.tmp_size = spell_size(containment.tmp_size)
    return True if table == ContainTable() else table
