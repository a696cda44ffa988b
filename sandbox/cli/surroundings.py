"""The options that tell what is around commands: a container, or a directory, variables and a user."""

from __future__ import annotations

import os

from ..errors import RequestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..lab.setting import Setting
    from ..topology import Topology

    Said = Sequence[tuple[str, str]]

# Of the topology. How many operands each takes, and which, as in DECLARATIONS.
OF_CONTAINERS = {
    "--contain": (0, ""),
    "--bind": (1, "what to bind, SRC[:DST]"),
    "--ro-bind": (1, "what to bind, SRC[:DST]"),
    "--tmpfs": (1, "a place, DST[:SIZE]"),
    "--rootfs": (1, "a directory"),
    "--rootfs-rw": (1, "a directory"),
    "--tmp-size": (1, "a size such as 64M"),
    "--cap-add": (1, "the name of a capability, such as NET_RAW"),
    "--no-seccomp": (0, ""),
}
LISTS = ("bind", "ro_bind", "tmpfs", "cap_add")

# Of the commands.
OF_COMMANDS = {
    "--workdir": (1, "a directory"),
    "--env": (1, "a variable, NAME=VALUE or NAME"),
    "--env-file": (1, "the name of a file with a variable on each line"),
    "--clear-env": (0, ""),
    "--user": (1, "a user, NAME or UID[:GID]"),
}
SHORT = {"-w": "--workdir", "-e": "--env", "-u": "--user"}


def contained(topology: Topology, said: Said) -> Topology:
    """`topology` in containers as the options tell, each with its operand. Raises RequestError."""
    if topology.containment is None and not any(option == "--contain" for option, _ in said):
        raise RequestError(f"{said[0][0]}: of a container, and there is none - write --contain as well")
    from ..containment import Containment
    from ..values import replace

    before = topology.containment or Containment()
    fields: dict[str, object] = {}
    for option, operand in said:
        name = option.removeprefix("--").replace("-", "_")
        if name in LISTS:
            fields[name] = [*fields.get(name, []), operand]  # type: ignore[misc]
        elif name == "no_seccomp":
            fields["seccomp"] = False
        elif name != "contain":
            fields[name] = operand
    return replace(topology, containment=before.extended(**fields))  # type: ignore[arg-type]


def setting(said: Said) -> Setting:
    """What the options tell of commands. Raises RequestError."""
    from ..lab.setting import Setting

    given = dict(said)
    for option in ("--workdir", "--user"):
        if given.get(option) == "":
            raise RequestError(f"{option} '': nothing - write {OF_COMMANDS[option][1]}")
    variables: dict[str, str] = {}
    # As docker does: those of files go first, wherever they stand.
    for option, operand in said:
        if option == "--env-file":
            variables |= _read_file(operand)
    for option, operand in said:
        if option == "--env":
            variables |= _variable(operand, f"--env {operand!r}")
    return Setting(variables, "--clear-env" in given, given.get("--workdir"), given.get("--user"))


def take(word: str, left: list[str], usage: str) -> tuple[str, str]:
    """The option in `word`, and its operand, which may be the next of those left. Raises RequestError."""
    name, equals, attached = word.partition("=")
    option = SHORT.get(name, name)
    if option not in OF_COMMANDS:
        raise RequestError(f"{word!r}: no such option - {usage}")
    count, wants = OF_COMMANDS[option]
    if not count:
        return option, ""
    if not equals and (not left or left[0] == "--"):
        raise RequestError(f"{option} wants {wants} - {usage}")
    return option, attached if equals else left.pop(0)


def _variable(text: str, place: str) -> dict[str, str]:
    """NAME=VALUE, or NAME for what is in our own environment, which may be nothing."""
    name, equals, content = text.partition("=")
    if not name or "\0" in text:
        raise RequestError(f"{place}: no variable - write NAME=VALUE, or NAME for your own")
    if equals:
        return {name: content}
    return {name: os.environ[name]} if name in os.environ else {}


def _read_file(path: str) -> dict[str, str]:
    variables: dict[str, str] = {}
    try:
        with open(path, encoding="utf-8-sig", newline="\n") as file:
            for number, line in enumerate(_lines(file.read()), 1):
                if line and not line.startswith("#"):
                    variables |= _variable_of_a_file(line, f"--env-file {path!r}, line {number}")
    except OSError as error:
        raise RequestError(f"--env-file {path!r}: {error.strerror} - write the name of a file") from None
    except UnicodeDecodeError:
        raise RequestError(f"--env-file {path!r}: no UTF-8 - it is text, NAME=VALUE on each line") from None
    return variables


def _lines(text: str) -> Iterator[str]:
    # As docker reads them: quotes mean nothing, and what is behind = is left as it is.
    return (line.removesuffix("\r").lstrip(" \t") for line in text.split("\n"))


def _variable_of_a_file(line: str, place: str) -> dict[str, str]:
    name = line.partition("=")[0]
    if " " in name or "\t" in name:
        raise RequestError(f"{place}: a space in the name {name!r} - write NAME=VALUE, or NAME for your own")
    return _variable(line, place)
