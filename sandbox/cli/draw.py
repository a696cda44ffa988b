"""`sandbox draw`: a picture of a lab that is up, of a file, or of what the options say."""

from __future__ import annotations

from ..errors import RequestError
from ..topology import Topology
from ..values import value
from .arguments import HELP, Grammar, is_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DRAW_HELP = """Draw a topology: nodes, switches, and on every wire its interfaces and addresses.

In the terminal with box characters; or as a picture to keep. Touches nothing.
LAB is one that is up: then the state of its links is shown as well.

\b
Examples:
  sandbox draw --pair a:192.168.1.1 b:192.168.1.2
  sandbox draw lab.toml
  sandbox draw x --svg >x.svg
  sandbox draw --switch lan:10.0.0.0/24 --node a --node b --node c --svg >lab.svg
  sandbox draw --pair a:10.0.1.1 r:10.0.1.2 --pair r:10.0.2.1 b:10.0.2.2 --router r --dot | dot -Tpng >lab.png
"""
USAGE = "usage: sandbox draw [LAB | LAB.toml] [--pair A B]... [--svg | --mermaid | --dot]"
FORMS = ("svg", "mermaid", "dot")
DRAW = Grammar(USAGE, flags={f"--{form}": form for form in FORMS})


@value
class DrawRequest:
    """What `sandbox draw` was asked for; `form` is one of FORMS, or None for the terminal.

    `states` are those of the interfaces of a lab that is up.
    """

    topology: Topology
    form: str | None = None
    states: Mapping[tuple[str, str], str] | None = None


def parse_draw(words: Sequence[str]) -> DrawRequest | None:
    """The request in `words`, which follow `draw`; None when they ask for help. Raises RequestError."""
    if any(word in HELP for word in words):
        return None
    is_up = bool(words) and not words[0].startswith("-") and not is_file(words[0])
    topology, chosen = DRAW.read(words[1:] if is_up else words)
    if len(chosen) > 1:
        raise RequestError(f"{' and '.join(f'--{form}' for form in chosen)} exclude each other - {USAGE}")
    form = next(iter(chosen), None)
    if not is_up:
        return DrawRequest(topology, form)
    if topology != Topology.alone():
        raise RequestError(f"{words[0]!r}: a lab that is up, and more to be drawn - {USAGE}")
    return _of_a_lab(words[0], form)


def _of_a_lab(name: str, form: str | None) -> DrawRequest:
    from ..lab.carrier import states
    from .target import Target

    with Target(name).open() as lab:
        return DrawRequest(lab.topology, form, states(lab))


def draw(request: DrawRequest) -> str:
    """The picture as text."""
    if request.form == "svg":
        from ..picture.svg import svg

        return svg(request.topology, states=request.states)
    if request.form == "mermaid":
        from ..picture.mermaid import mermaid

        return mermaid(request.topology)
    if request.form == "dot":
        from ..picture.dot import dot

        return dot(request.topology)
    from ..picture.terminal import draw as draw_in_terminal
    from .output import Sink

    return draw_in_terminal(request.topology, states=request.states, colour=Sink(1).is_coloured)
