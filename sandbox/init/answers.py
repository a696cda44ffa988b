"""What init is asked, and what it answers: about the network, its changes, the services."""

from __future__ import annotations

import os
from contextlib import suppress

from .. import messages
from ..errors import RequestError
from ..kernel import namespace
from ..topology import words
from ..topology.endpoint import Endpoint
from .apply import Rejected
from .duty import Duties

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Iterable

    from ..messages import Message
    from ..topology.interface import Interface
    from .commands import Commands
    from .groups import Groups
    from .loop import Loop
    from .network import Network

    Reply = dict[str, str | list[str]]

SIGKILL = 9


class Answers:
    """Carries out questions. Each has a reply; what the kernel or a check refused is one as well."""

    def __init__(self, loop: Loop, network: Network, commands: Commands, groups: Groups | None) -> None:
        self._network = network
        self._groups = groups
        self._commands = commands
        self.duties = Duties(loop, commands)

    def answer(self, question: Message, inherited: list[int]) -> None:
        """Answer on the first of the descriptors; the others belong to the question."""
        reply = messages.adopt(inherited[0])
        try:
            messages.tell(reply, self._carry_out(question["ask"][0], question, inherited[1:]))
        except RequestError as error:
            messages.tell(reply, {"request": str(error)})
        except Rejected as rejected:
            messages.tell(reply, rejected.to_message())
        finally:
            reply.close()

    def open_socket(self, message: messages.Message, reply: socket) -> None:
        """Give the caller a socket in a node's network."""
        try:
            opened = self._network.open_socket(message["node"][0], *map(int, message["socket"]))
        except RequestError as error:
            messages.tell(reply, {"request": str(error)})
        except OSError as error:
            messages.tell(reply, {"errno": str(error.errno)})
        else:
            messages.tell(reply, {"opened": ""}, descriptors=[opened.fileno()])
            opened.close()
        finally:
            reply.close()

    def _carry_out(self, what: str, question: Message, inherited: list[int]) -> Reply:
        node = question.get("node", [""])[0]
        if node and what not in ("add node", "attach"):
            self._network.check(node)
        match what:
            case "took":
                return {"took": [f"{seconds:.6f}" for seconds in self._network.took_s]}
            case "use":
                return {"done": "", "use": self._groups.use() if self._groups else []}
            case "state":
                return self.state()
            case "link":
                return {"wire": list(map(_spell, self._network.link(words.read_link(question["link"][0]))))}
            case "unlink":
                self._network.unlink(words.read_link(question["link"][0]))
            case "add node":
                self._network.add_node(Endpoint(node).node)
            case "remove node":
                self._remove(node)
            case "attach":
                return self._attach(node, inherited[0])
            case "up":
                self._network.switch_on(node, question["interface"][0])
            case "down":
                self._network.switch_off(node, question["interface"][0])
            case "start":
                self.duties.begin_again(node, inherited)
            case "service":
                self.duties.tell(node, messages.adopt(inherited[0]))
            case "log":
                self.duties.read_log(node, messages.adopt(inherited[0]))
            case _:
                raise RequestError(f"{what!r}: not a question - this lab is of another version of sandbox")
        return {"done": ""}

    def state(self) -> Reply:
        """The topology in words, the interfaces of its links, its services."""
        wires: Iterable[tuple[Interface, Interface]] = self._network.wires.values()
        return {
            **words.spell(self._network.topology),
            "wire": [f"{_spell(first)} {_spell(second)}" for first, second in wires],
            "service": self.duties.describe(),
        }

    def _remove(self, node: str) -> None:
        """Take a node away, and whatever runs in it unless it was there before."""
        netns_fd = self._network.namespaces[node]
        inhabitants = [] if self._network.is_foreign(node) else namespace.processes_in(netns_fd)
        self._network.remove_node(node)
        self._commands.forget(node)
        for pid in inhabitants:
            with suppress(ProcessLookupError):
                os.kill(pid, SIGKILL)

    def _attach(self, node: str, netns_fd: int) -> Reply:
        try:
            self._network.attach(Endpoint(node).node, netns_fd)
        except OSError as error:
            os.close(netns_fd)
            return {"errno": str(error.errno)}
        return {"done": ""}


def _spell(interface: Interface) -> str:
    return f"{interface.node} {interface.name} {interface.index}"
