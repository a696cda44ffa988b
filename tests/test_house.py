"""The floors of the house (docs and design: arrows only down), its doors, and the size of its rooms.

Every check is a function from modules to complaints. Each is run on sandbox/, where it finds nothing, and on a
house with one bad module in it, which it has to find: a check that sees nothing anywhere guards nothing.
"""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

import pytest

import sandbox

ROOT = Path(sandbox.__file__).parent

# From the ground up. A module imports from its own floor and from below.
FLOORS = (
    ("sandbox",),  # public names, loaded lazily: it imports nothing itself
    ("sandbox.errors", "sandbox.values", "sandbox.sizes", "sandbox.labfile.toml", "sandbox.labfile.yaml"),
    ("sandbox.capabilities", "sandbox.containment"),
    ("sandbox.topology.address",),
    *(
        ("sandbox.topology." + room,)
        for room in ("endpoint", "switch", "publication", "service", "interface", "limits")
    ),
    ("sandbox.topology", "sandbox.labfile"),
    ("sandbox.topologies",),
    ("sandbox.plan.steps", "sandbox.plan.beyond", "sandbox.plan.waits"),
    ("sandbox.plan", "sandbox.picture"),
    ("sandbox.kernel",),
    ("sandbox.messages", "sandbox.command", "sandbox.sources", "sandbox.init.program", "sandbox.outside.traces"),
    ("sandbox.init", "sandbox.outside"),
    ("sandbox.lab", "sandbox.forkserver", "sandbox.doctor", "sandbox.explain", "sandbox.compose"),
    ("sandbox.lessons", "sandbox.why"),
    ("sandbox.learn",),
    ("sandbox.page",),
    ("sandbox.cli",),
    ("sandbox.__main__",),
)
PURE = (
    "sandbox.errors",
    "sandbox.values",
    "sandbox.sizes",
    "sandbox.capabilities",
    "sandbox.containment",
    "sandbox.topology",
    "sandbox.topologies",
    "sandbox.labfile",
    "sandbox.plan",
    "sandbox.picture",
    "sandbox.explain",
    "sandbox.compose",
    "sandbox.lessons.lesson",
    "sandbox.learn.belongings",
    "sandbox.learn.difference",
    "sandbox.learn.facts",
    "sandbox.learn.script",
    *(f"sandbox.why.{room}" for room in ("facts", "segment", "ways", "matching", "firewall", "diagnosis", "case")),
    "sandbox.why.checks",
    "sandbox.page",
)
THE_MACHINE = (
    "os",
    "posix",
    "socket",
    "_socket",
    "subprocess",
    "ctypes",
    "_ctypes",
    "select",
    "fcntl",
    "sys",
    "io",
)
CALLERS_SIDE = ("sandbox.lab",)
INITS_SIDE = ("sandbox.init", "sandbox.outside")
SLOW = (
    "typer",
    "click",
    "pyroute2",
    "psutil",
    "dataclasses",
    "typing",
    "json",
    "re",
    "subprocess",
    "socket",
    "enum",
    "inspect",
    "pathlib",
    "signal",
    "traceback",
    "struct",
    "importlib",
    "warnings",
)

LONGEST_FILE, LONGEST_FUNCTION = 300, 40

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Module:
    """The source of one module, and what it imports at run time."""

    def __init__(self, name: str, source: str, *, is_package: bool = False) -> None:
        self.name = name
        self.source = source
        self._package = name if is_package else name.rpartition(".")[0]

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @cached_property
    def imports(self) -> set[str]:
        """Everything imported anywhere in it, but for its types."""
        return {name for node in self._run(self.tree, deep=True) for name in self._imported(node)}

    @cached_property
    def imports_at_once(self) -> set[str]:
        """What is imported when the module itself is."""
        return {name for node in self._run(self.tree, deep=False) for name in self._imported(node)}

    def _run(self, tree: ast.AST, *, deep: bool) -> Iterator[ast.AST]:
        """The nodes that are executed: not those under `if TYPE_CHECKING`, and in functions only if `deep`."""
        for node in ast.iter_child_nodes(tree):
            if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
                for otherwise in node.orelse:
                    yield otherwise
                    yield from self._run(otherwise, deep=deep)
            elif deep or not isinstance(node, Function):
                yield node
                yield from self._run(node, deep=deep)

    def _imported(self, node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = self._package.split(".")
                base = ".".join([*above[: len(above) - node.level + 1], *([base] if base else [])])
            # `from . import spawn` names a module, `from .spawn import execute` what is in one.
            yield from (f"{base}.{alias.name}" for alias in node.names)


House = Mapping[str, Module]


def read_house() -> dict[str, Module]:
    house = {}
    for path in sorted(ROOT.rglob("*.py")):
        is_package = path.name == "__init__.py"
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if is_package else parts)
        house[name] = Module(name, path.read_text(encoding="utf-8"), is_package=is_package)
    return house


HOUSE = read_house()


def within(name: str, *packages: str) -> bool:
    """Whether `name` is one of these or in one of these."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def floor(name: str) -> int | None:
    """The number of the floor that a module is on, None where it has no place."""
    if name == "sandbox":
        return 0
    return next((number for number, rooms in enumerate(FLOORS) if number and within(name, *rooms)), None)


def of_ours(imported: set[str], house: House) -> set[str]:
    """The modules of the house among what is imported."""
    found = set()
    for name in imported:
        if name in house:
            found.add(name)
        elif (parent := name.rpartition(".")[0]) in house:
            found.add(parent)
    return found


# The checks.


def imports_go_down(house: House) -> list[str]:
    complaints = []
    for module in house.values():
        own = floor(module.name)
        if own is None:
            complaints.append(f"{module.name} is on no floor")
            continue
        for name in sorted(of_ours(module.imports, house)):
            if (floor(name) or 0) > own:
                complaints.append(f"{module.name} imports {name} from above")
    return complaints


def no_module_needs_itself(house: House) -> list[str]:
    graph = {module.name: of_ours(module.imports_at_once, house) - {module.name} for module in house.values()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return [" -> ".join(error.args[1])]
    return []


def pure_floors_do_not_know_the_machine(house: House) -> list[str]:
    return [
        f"{module.name} imports {name}"
        for module in house.values()
        if within(module.name, *PURE)
        for name in sorted(module.imports)
        if within(name, *THE_MACHINE) or (within(name, "sandbox") and not within(name, *PURE))
    ]


def lab_and_init_never_meet(house: House) -> list[str]:
    return [
        f"{module.name} imports {name}"
        for module in house.values()
        for one, other in ((CALLERS_SIDE, INITS_SIDE), (INITS_SIDE, CALLERS_SIDE))
        if within(module.name, *one)
        for name in sorted(of_ours(module.imports, house))
        if within(name, *other)
    ]


def only_in(door: str, *names: str) -> Callable[[House], list[str]]:
    """A check that modules of these names are imported by `door`, a module or package, alone."""

    def check(house: House) -> list[str]:
        return [
            f"{module.name} imports {name}"
            for module in house.values()
            if not within(module.name, door)
            for name in sorted(module.imports)
            if within(name, *names)
        ]

    check.__name__ = f"{'_'.join(names)}_only_in_{door}"
    return check


def setns_is_in_one_file(house: House) -> list[str]:
    files = sorted(module.name for module in house.values() if any(map(is_setns, ast.walk(module.tree))))
    return [] if files == ["sandbox.kernel.namespace"] else [f"setns in {', '.join(files) or 'no file'}"]


def is_setns(node: ast.AST) -> bool:
    """Whether this names the call: a table of all system calls is one long text."""
    return isinstance(node, ast.Constant | ast.Attribute) and "setns" in (
        getattr(node, "value", 0),
        getattr(node, "attr", 0),
    )


def only_cli_prints_or_exits(house: House) -> list[str]:
    return [
        f"{module.name}:{node.lineno} {ast.unparse(node)}"
        for module in house.values()
        if not within(module.name, "sandbox.cli")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("print", "exit", "quit", "sys.exit", "sys.stdout.write", "sys.stderr.write")
    ] + [
        f"{module.name}:{node.lineno} {ast.unparse(node)}"
        for module in house.values()
        if not within(module.name, "sandbox.cli")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Raise) and node.exc and "SystemExit" in ast.unparse(node.exc)
    ]


def files_are_short(house: House) -> list[str]:
    lengths = {module.name: len(module.source.splitlines()) for module in house.values()}
    return [f"{name} has {length} lines" for name, length in lengths.items() if length > LONGEST_FILE]


def functions_are_short(house: House) -> list[str]:
    """Below the signature and the docstring: of these, subprocess's keywords alone fill twenty lines."""
    return [
        f"{module.name}.{node.name} has {length} lines"
        for module in house.values()
        for node in ast.walk(module.tree)
        if isinstance(node, Function)
        and (length := (node.end_lineno or 0) - first_statement(node).lineno + 1) > LONGEST_FUNCTION
    ]


def first_statement(function: Function) -> ast.stmt:
    return function.body[1 if ast.get_docstring(function) and function.body[1:] else 0]


typer_is_only_in_cli = only_in("sandbox.cli", "typer", "click", "rich")
pyroute2_is_only_in_rtnetlink = only_in("sandbox.kernel.rtnetlink", "pyroute2")
prctl_is_only_in_caps = only_in("sandbox.kernel.caps", "prctl", "_prctl")
ctypes_is_only_in_kernel = only_in("sandbox.kernel", "ctypes", "_ctypes")

# Each check, and modules that it must not let in.
GUARDS: list[tuple[Callable[[House], list[str]], list[tuple[str, str]]]] = [
    (
        imports_go_down,
        [
            ("sandbox.topology", "from .plan import plan"),
            ("sandbox.topology", "import sandbox.plan"),
            ("sandbox.errors", "from sandbox import cli"),
            ("sandbox.plan", "def f():\n    from . import init"),
            ("sandbox.kernel.netns", "from .. import messages"),
            ("sandbox.kernel.rtnetlink.more", "from ...init.apply import Builder"),
            ("sandbox.init.spawn", "from ..lab import Lab"),
            ("sandbox.lab", "def f():\n    if True:\n        from .cli import main"),
            (
                "sandbox.values",
                "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    import os\nelse:\n    from . import lab",
            ),
            ("sandbox.helpers", ""),
        ],
    ),
    (
        no_module_needs_itself,
        [("sandbox.lab.process", "from . import lab"), ("sandbox.command", "class A:\n    from .lab.node import Node")],
    ),
    (
        pure_floors_do_not_know_the_machine,
        [
            *((name, "import os") for name in PURE),
            ("sandbox.plan", "from os import path"),
            ("sandbox.explain", "def f():\n    import subprocess"),
            ("sandbox.plan.names", "import os.path as p"),
            ("sandbox.values", "from _socket import socket"),
            ("sandbox.explain", "from .kernel import libc"),
        ],
    ),
    (
        lab_and_init_never_meet,
        [
            ("sandbox.lab", "def f():\n    from .init import launch"),
            ("sandbox.lab.node", "from ..init import spawn"),
            ("sandbox.init", "from . import lab"),
            ("sandbox.init.apply", "from sandbox.lab.process import Process"),
        ],
    ),
    (
        setns_is_in_one_file,
        [("sandbox.init", 'call("setns", 3, 0)'), ("sandbox.init", "os.setns(3)"), ("sandbox.kernel.namespace", "")],
    ),
    (
        typer_is_only_in_cli,
        [("sandbox.lab", "def f():\n    import typer"), ("sandbox.doctor", "from rich.table import Table")],
    ),
    (
        pyroute2_is_only_in_rtnetlink,
        [("sandbox.kernel.sysctl", "from pyroute2.netlink import nla"), ("sandbox.init.apply", "import pyroute2")],
    ),
    (
        prctl_is_only_in_caps,
        [("sandbox.init.spawn", "import prctl"), ("sandbox.kernel.libc", "from _prctl import prctl")],
    ),
    (
        ctypes_is_only_in_kernel,
        [("sandbox.init", "def f():\n    from ctypes import CDLL"), ("sandbox.cli.run", "import ctypes.util")],
    ),
    (
        only_cli_prints_or_exits,
        [
            ("sandbox.lab", "def f():\n    print('x')"),
            ("sandbox.init", "import sys\nsys.exit(1)"),
            ("sandbox.plan", "raise SystemExit(1)"),
            ("sandbox.doctor", "import sys\nsys.stderr.write('x')"),
        ],
    ),
    (files_are_short, [("sandbox.plan", "\n" * (LONGEST_FILE + 1))]),
    (
        functions_are_short,
        [
            ("sandbox.plan", "def f():\n    'why'\n" + "    pass\n" * (LONGEST_FUNCTION + 1)),
            ("sandbox.lab", "class A:\n    async def f(self):\n" + "        pass\n" * (LONGEST_FUNCTION + 1)),
        ],
    ),
]
CHECKS = [check for check, _ in GUARDS]
BAD = [(check, name, snippet) for check, bad in GUARDS for name, snippet in bad]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_house_is_in_order(check: Callable[[House], list[str]]) -> None:
    assert check(HOUSE) == []


@pytest.mark.parametrize(("check", "name", "snippet"), BAD, ids=[f"{check.__name__}-{name}" for check, name, _ in BAD])
def test_each_check_sees_what_it_guards_against(check: Callable[[House], list[str]], name: str, snippet: str) -> None:
    assert check({**HOUSE, name: Module(name, snippet)}) != []


@pytest.mark.parametrize(
    ("package", "not_to_know"), [("reliability", "tests"), ("benchmarks", "reliability"), ("benchmarks", "tests")]
)
def test_what_proves_stands_on_the_house_and_under_the_tests(package: str, not_to_know: str) -> None:
    modules = [
        Module(".".join(path.relative_to(ROOT.parent).with_suffix("").parts), path.read_text(encoding="utf-8"))
        for path in (ROOT.parent / package).rglob("*.py")
    ]
    assert len(modules) > 20
    assert [module.name for module in modules if any(within(name, not_to_know) for name in module.imports)] == []
    assert [module.name for module in modules if len(module.source.splitlines()) > LONGEST_FILE] == []


def test_what_is_only_for_types_is_no_import() -> None:
    source = "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    import os\n    from .lab import Lab\n"
    assert Module("sandbox.plan", source).imports == set()


def test_every_floor_is_inhabited() -> None:
    rooms = {room for rooms in FLOORS for room in rooms}
    assert rooms <= HOUSE.keys()


# The quick way of `sandbox run --pair`: what it loads is a part of what it costs.


def loaded(statement: str) -> set[str]:
    """The top-level modules that a statement loads, beyond those of a bare start."""
    script = f"import sys\nbefore = set(sys.modules)\n{statement}\nprint(*(set(sys.modules) - before))"
    output = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    return {name.partition(".")[0] for name in output.split()}


# What `sandbox run` imports up to its command's exec, in the order in which it does.
QUICK = """
import sandbox.cli
from sandbox.cli.arguments import parse
request = parse(["--pair", "a:192.168.1.1", "b:192.168.1.2", "--", "true"])
import sandbox.cli.launch, sandbox.cli.run, sandbox.cli.output, sandbox.cli.signals, sandbox.init.spawn, sandbox.lab
from sandbox.cli.output import Output
Output(("a", "b"), as_json=False, quiet=False)
import sandbox.plan; sandbox.plan.plan(request.topology)
"""


# Of what `sandbox run --contain` imports beyond that.
CONTAINED = """
words = ["--contain", "--bind", ".", "--tmp-size", "5M", "-e", "A=1", "-w", "/", "--", "true"]
from sandbox.sources import settled
settled(parse(words).topology)
import sandbox.init.owner, sandbox.init.container, sandbox.init.contained, resource
"""


def test_the_quick_way_loads_nothing_slow() -> None:
    modules = loaded(QUICK)
    assert "sandbox" in modules
    assert "_prctl" in modules
    assert modules.isdisjoint(SLOW)
    assert loaded(QUICK + CONTAINED).isdisjoint((*SLOW, "functools", "contextlib"))


def test_a_refusal_loads_nothing_slow() -> None:
    python = [sys.executable, "-X", "importtime"]
    words = ["run", "--pair", "a:1.2.3.4", "--", "x"]
    bare = subprocess.run([*python, "-c", ""], capture_output=True, text=True)
    refused = subprocess.run([*python, ROOT.parent / "bin" / "sandbox", *words], capture_output=True, text=True)
    assert refused.returncode == 2
    assert "sandbox: error: --pair wants two endpoints" in refused.stderr
    ours = imported(refused.stderr) - imported(bare.stderr)
    assert "sandbox" in ours
    assert ours.isdisjoint(SLOW)


def imported(importtime: str) -> set[str]:
    """The top-level modules in what `python -X importtime` has written."""
    lines = (line.rpartition("|") for line in importtime.splitlines() if line.startswith("import time:"))
    return {name.strip().partition(".")[0] for _, _, name in lines}


@pytest.mark.parametrize("slow", ["import typer", "import json", "import subprocess", "import sandbox.lab.streams"])
def test_something_slow_would_be_seen(slow: str) -> None:
    assert not loaded(f"{QUICK}\n{slow}").isdisjoint(SLOW)


def test_the_package_itself_loads_nothing_until_a_name_is_used() -> None:
    assert loaded("import sandbox") == {"sandbox", "__future__"}
    assert "sandbox" in loaded("import sandbox; sandbox.Lab, sandbox.pair, sandbox.run, sandbox.Node, sandbox.Process")
    assert loaded("import sandbox; sandbox.Topology, sandbox.RequestError").isdisjoint(SLOW)


@pytest.mark.parametrize("name", sandbox.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(sandbox, name).__name__ == name
    assert name in dir(sandbox)


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        sandbox.nonsense  # noqa: B018 - the asking is the test
