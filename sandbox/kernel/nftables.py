"""Whether a network namespace has tables of nftables at all: nfnetlink, over a socket made inside."""

from __future__ import annotations

from .netlink import dump

TYPE_CHECKING = False
if TYPE_CHECKING:
    from socket import socket

NETLINK_NETFILTER = 12
NFT_MSG_GETTABLE = 10 << 8 | 1  # NFNL_SUBSYS_NFTABLES: include/uapi/linux/netfilter/nfnetlink.h
ANY_FAMILY = bytes(4)  # nfgenmsg


def has_tables(nfnetlink: socket) -> bool:
    """Whether there is a table of any family. Raises OSError where this kernel has no nftables."""
    return any(True for _ in list(dump(nfnetlink, NFT_MSG_GETTABLE, ANY_FAMILY)))
