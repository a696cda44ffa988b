"""What the launcher weighs while commands run, a lab while none does, and what is left in the program behind it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic, sleep

import psutil

import sandbox

from .stopwatch import environment

MIB = 1 << 20
DEADLINE_S = 10.0


def launcher_mib(launch: Sequence[str], command: Sequence[str], *, nodes: int) -> float:
    """Memory of the launcher and init, shared pages in proportion (PSS), while `command` runs in all `nodes`."""
    with _running([*launch, *command]) as launcher:
        _wait_for(lambda: sum(each.cmdline() == list(command) for each in launcher.children(recursive=True)) == nodes)
        ours = [each for each in (launcher, *launcher.children(recursive=True)) if each.cmdline() != list(command)]
        # psutil reads /proc/PID/smaps_rollup.
        return sum(each.memory_full_info().pss for each in ours) / MIB


def idle_lab_mib(topology: sandbox.Topology) -> tuple[float, float]:
    """PSS of a lab's init, and of the fork server with its spare, which are all there is while nothing runs in it."""
    with sandbox.Lab(topology) as lab:
        init = _init(lab)
        server = _parent(init)
        (spare,) = set(server.children()) - {init}
        return _pss(init) / MIB, (_pss(server) + _pss(spare)) / MIB


def fork_server() -> psutil.Process:
    """The process whose children are the inits of this program's labs; it is nobody's child itself."""
    with sandbox.Lab(sandbox.Topology.alone()) as lab:
        return _parent(_init(lab))


def _init(lab: sandbox.Lab) -> psutil.Process:
    with lab.nodes[0].popen(["sleep", "60"]) as process:
        init = _parent(psutil.Process(process.pid))
        process.kill()
    return init


def _parent(process: psutil.Process) -> psutil.Process:
    parent = process.parent()
    assert parent is not None
    return parent


def of_the_kernel_kib() -> float:
    """What its objects take, those of the slabs that are in use, those of each processor, and what it maps."""
    with open("/proc/slabinfo", encoding="ascii") as file:
        slabs = [line.split() for line in file.readlines()[2:]]
    with open("/proc/meminfo", encoding="ascii") as file:
        sums = {name: float(size.split()[0]) for name, _, size in (line.partition(":") for line in file)}
    return sum(int(used) * int(size) for _, used, _, size, *_ in slabs) / 1024 + sums["Percpu"] + sums["VmallocUsed"]


def of_processes_kib(*roots: psutil.Process) -> float:
    """PSS of these and of every process below them."""
    return sum(_pss(each) for root in roots for each in (root, *root.children(recursive=True))) / 1024


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return 0


def left_behind(action: Callable[[], object], *, times: int, warm_up: int = 20) -> Mapping[str, float]:
    """How many descriptors, threads and MiB this process holds more after `times` actions."""
    for _ in range(warm_up):
        action()
    before = _holdings()
    for _ in range(times):
        action()
    return {what: amount - before[what] for what, amount in _holdings().items()}


def _holdings() -> Mapping[str, float]:
    own = psutil.Process()
    return {
        "descriptors": own.num_fds(),
        "threads": own.num_threads(),
        "memory": own.memory_full_info().uss / MIB,
    }


@contextmanager
def _running(argv: Sequence[str]) -> Iterator[psutil.Process]:
    launcher = psutil.Popen(argv, env=environment(), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield launcher
    finally:
        launcher.send_signal(signal.SIGTERM)
        launcher.wait(DEADLINE_S)


def _wait_for(fact: Callable[[], bool]) -> None:
    deadline = monotonic() + DEADLINE_S
    while not fact():
        if monotonic() > deadline:
            raise TimeoutError("the launcher's commands did not start")
        sleep(0.01)
