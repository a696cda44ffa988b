"""Taking the network of a process that runs already into a lab, a container's for example."""

from __future__ import annotations

import errno
import os

from ..errors import NotAllowed, RequestError, SandboxError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .channel import Channel


def attach(channel: Channel, pid: int, name: str) -> None:
    """Have init take the network of process `pid` as the node `name`. Raises as Lab.attach()."""
    try:
        netns_fd = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise RequestError(f"{pid}: no such process - see ps, or docker inspect -f '{{{{.State.Pid}}}}' NAME") from None
    except PermissionError:
        raise _not_ours(pid) from None
    try:
        answer = channel.ask("attach", netns_fd, node=name)
    finally:
        os.close(netns_fd)
    if "errno" in answer:
        number = int(answer["errno"][0])
        if number == errno.EPERM:
            raise _not_ours(pid)
        raise SandboxError(f"cannot enter the network of process {pid}: {os.strerror(number)}")


def _not_ours(pid: int) -> NotAllowed:
    return NotAllowed(f"the network of process {pid} is not ours to enter", "do it as root: sudo sandbox ...")
