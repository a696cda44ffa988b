"""One network of a lab, and the way to run commands in it."""

from __future__ import annotations

import os

from ..command import Command
from ..plan.names import variables

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    import subprocess
    from collections.abc import Mapping, Sequence
    from os import PathLike
    from typing import Any

    from pyroute2 import IPRoute

    from . import Lab
    from .live import LiveInterface
    from .process import Process
    from .streams import File

    Word = str | bytes | PathLike[str] | PathLike[bytes]
    Words = str | Sequence[Word]


class Node:
    """A named network of a lab. Its commands are started with run() and popen()."""

    def __init__(self, lab: Lab, name: str) -> None:
        self.lab = lab
        self.name = name

    @property
    def ip(self) -> str | None:
        """The address of its first interface, or None."""
        return variables(self.lab.topology, self.name).get("SANDBOX_IP")

    @property
    def interfaces(self) -> list[LiveInterface]:
        """Its interfaces but lo, in order of declaration."""
        return [end for link in self.lab.links for end in link.ends if end.node == self.name]

    def interface(self, name: str) -> LiveInterface:
        """The interface called `name`, such as eth0. Raises RequestError when there is none."""
        found = {each.name: each for each in self.interfaces}
        if name not in found:
            from ..errors import RequestError

            raise RequestError(f"{name!r}: no interface of {self.name!r} - there is {', '.join(found) or 'none'}")
        return found[name]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and (self.lab, self.name) == (other.lab, other.name)

    def __hash__(self) -> int:
        return hash((self.lab, self.name))

    def __repr__(self) -> str:
        return f"<Node {self.name}, {self.ip or 'no link'}>"

    def run(
        self,
        args: Words,
        *,
        input: Any = None,
        capture_output: bool = False,
        timeout: float | None = None,
        check: bool = False,
        **options: Any,
    ) -> subprocess.CompletedProcess[Any]:
        """Run a command in this node to its end; takes subprocess.run's arguments, raises its exceptions.

        Of Popen's arguments it takes those of popen(), and raises what that raises.
        """
        import subprocess

        if input is not None:
            if "stdin" in options:
                raise ValueError("stdin and input cannot both be given")
            options["stdin"] = subprocess.PIPE
        if capture_output:
            if "stdout" in options or "stderr" in options:
                raise ValueError("stdout and stderr cannot be given with capture_output")
            options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with self.popen(args, **options) as process:
            try:
                output, error = process.communicate(input, timeout)
            except BaseException:
                # Its children may hold the pipes open: they are not read to their ends.
                process.kill()
                raise
            returncode = process.wait()
        if check and returncode:
            raise subprocess.CalledProcessError(returncode, process.args, output, error)
        return subprocess.CompletedProcess(process.args, returncode, output, error)

    def popen(
        self,
        args: Words,
        bufsize: int = -1,
        executable: Word | None = None,
        stdin: File = None,
        stdout: File = None,
        stderr: File = None,
        *,
        shell: bool = False,
        cwd: Word | None = None,
        env: Mapping[str, str] | None = None,
        text: bool | None = None,
        universal_newlines: bool | None = None,
        encoding: str | None = None,
        errors: str | None = None,
        umask: int = -1,
        user: str | int | None = None,
        pass_fds: Sequence[int] = (),
        last: bool = False,
        privileged: bool = False,
    ) -> Process:
        """Start a command in this node; takes subprocess.Popen's arguments, raises its exceptions.

        But for those that a lab decides: preexec_fn, close_fds, start_new_session, process_group, group and the like.
        Raises TypeError for a text without `shell`, RequestError for no command, LabClosed after the lab's end, and
        StepFailed for what keeps a command that is there from running, such as too long a list of arguments.
        It always has a session of its own, no descriptors but 0-2 and `pass_fds`, and default signal actions.
        In a container that has not the current directory it starts in /. `user` is NAME or UID[:GID], with the groups
        of that user, and their HOME unless `env` has one; NotAllowed is raised for who cannot be had.
        With `last` the lab ends when the command does. With `privileged`, for which the lab must be `as_root` and no
        container, it has every capability over the lab's own namespaces, and none elsewhere: it can mount, and make
        networks in its own.
        """
        if privileged and (not self.lab.is_as_root or self.lab.topology.containment):
            raise ValueError("privileged commands take a lab of a user namespace, uncontained - Lab(..., as_root=True)")
        from .streams import Streams

        command = Command(
            node=self.name,
            argv=words(args, shell=shell),
            environment=self.environment(env) if user is None else self.environment_of_another(env),
            user=None if user is None else str(user),
            cwd=current_directory() if cwd is None else os.path.abspath(os.fsdecode(cwd)),
            cwd_if_there=cwd is None,
            executable=None if executable is None else os.fsdecode(executable),
            umask=_umask() if umask < 0 else umask,
            limits=_limits(),
            last=last,
            privileged=privileged,
            keep=tuple(sorted(set(map(int, pass_fds)))),
        )
        wants_text = bool(text or universal_newlines)
        with Streams(
            stdin, stdout, stderr, bufsize=bufsize, text=wants_text, encoding=encoding, errors=errors
        ) as streams:
            process = self.lab.start(
                command,
                (*streams.given, *command.keep),
                stdin=streams.stdin,
                stdout=streams.stdout,
                stderr=streams.stderr,
            )
            process.begin()
        process.args = args
        return process

    def socket(self, family: int = -1, type: int = -1, proto: int = -1) -> socket.socket:
        """A socket in this node's network for this program, which itself stays where it is.

        Takes socket.socket's arguments and raises OSError where the kernel refuses them, LabClosed after the lab's end.
        """
        import socket

        kind = (
            socket.AF_INET if family == -1 else family,
            socket.SOCK_STREAM if type == -1 else type,
            0 if proto == -1 else proto,
        )
        return socket.socket(fileno=self.lab.open_socket(self.name, *kind))

    def iproute(self) -> IPRoute:
        """pyroute2's IPRoute speaking to this node's network, to look at it or change it; close it when done."""
        from ..kernel.rtnetlink.iproute import open_iproute

        return open_iproute(self.socket)

    def environment(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of a command: `env` or this program's own, and the SANDBOX_ variables."""
        told = variables(self.lab.topology, self.name)
        if env is None:
            # A variable without a name, which `env =x` makes, cannot be passed on.
            return {**{key: content for key, content in os.environ.items() if key}, **told}
        return {**told, **{os.fsdecode(key): os.fsdecode(content) for key, content in env.items()}}

    def environment_of_another(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of a command of another user: init adds the HOME that is theirs."""
        environment = self.environment(env)
        if env is None:
            environment.pop("HOME", None)
        return environment


def words(args: Words, *, shell: bool = False) -> tuple[str, ...]:
    """The argument vector of subprocess's `args`. Raises TypeError for a text that only a shell could split."""
    if shell:
        parts = [args] if isinstance(args, str | bytes) else list(args)
        return ("/bin/sh", "-c", *map(os.fsdecode, parts))
    if isinstance(args, str | bytes):
        raise TypeError(f"a command is a list of words such as ['ping', 'b'], not {args!r}; or pass shell=True")
    return tuple(map(os.fsdecode, args))


def current_directory() -> str:
    """The directory this program is in. Raises SandboxError when it was deleted."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        from ..errors import SandboxError

        raise SandboxError("the current directory no longer exists - cd to one that does") from None


def _umask() -> int:
    """This process's umask: os.umask() could tell it only by changing it under other threads."""
    from ..kernel import status

    return int(status.fields()["Umask"], 8)


def _limits() -> dict[int, tuple[int, int]]:
    """This process's resource limits by number: the fork server was started under those of its time."""
    import resource

    names = [name for name in dir(resource) if name.startswith("RLIMIT_")]
    return {number: resource.getrlimit(number) for number in {getattr(resource, name) for name in names}}
