"""The library as a guest in a program: it takes what subprocess takes and leaves the program as it was."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

import sandbox
from reliability.census import wait_for
from reliability.programs import PYTHON
from sandbox import Lab, Topology, messages

V4 = ("a:192.168.1.1", "b:192.168.1.2")
HERE = Path(__file__).parents[2]


def program(script: str, *words: str, timeout: float = 60, **options: Any) -> Any:
    """What a program of its own prints, as JSON; it imports the sandbox under test."""
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    options = {"capture_output": True, "text": True, "env": environment, **options}
    done = subprocess.run([sys.executable, "-W", "error", "-c", script, *words], timeout=timeout, **options)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


# --- what subprocess does


@pytest.mark.parametrize("options", [{}, {"text": True}, {"encoding": "latin-1"}, {"universal_newlines": True}])
def test_run_is_as_subprocess_run(node: sandbox.Node, options: dict[str, Any]) -> None:
    text = "x\r\nä\n"
    data: Any = text if options else text.encode()
    options = {"input": data, "capture_output": True, **options}
    words = ["sh", "-c", "cat; echo err >&2; exit 3"]
    ours, theirs = node.run(words, **options), subprocess.run(words, **options)
    assert ours == theirs or vars(ours) == vars(theirs)


def test_a_failure_is_checked_as_by_subprocess(node: sandbox.Node) -> None:
    with pytest.raises(subprocess.CalledProcessError) as raised:
        node.run(["sh", "-c", "echo x; exit 3"], check=True, capture_output=True)
    assert (raised.value.returncode, raised.value.output) == (3, b"x\n")


def test_time_runs_out_as_with_subprocess(node: sandbox.Node) -> None:
    begun = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired) as raised:
        node.run(["sh", "-c", "echo x; sleep 99"], timeout=0.2, capture_output=True)
    assert raised.value.output == b"x\n"
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("word", ["no-such-program", "./missing", "/etc/passwd", "/etc/passwd/below"])
def test_what_cannot_be_executed_raises_what_subprocess_raises(node: sandbox.Node, word: str) -> None:
    with pytest.raises(OSError, match=word) as theirs:
        subprocess.run([word], check=False)
    with pytest.raises(type(theirs.value), match=word) as ours:
        node.run([word])
    assert (ours.value.errno, ours.value.filename) == (theirs.value.errno, theirs.value.filename)


def test_a_directory_is_no_program(node: sandbox.Node) -> None:
    with pytest.raises(OSError, match="'/'"):
        node.run(["/"])


def test_a_directory_that_is_not_there_raises_what_subprocess_raises(node: sandbox.Node) -> None:
    with pytest.raises(FileNotFoundError) as raised:
        node.run(["true"], cwd="/no/such/directory")
    assert raised.value.filename == "/no/such/directory"


@pytest.mark.parametrize("wrong", ["a:192.168.1.1", None, ("a",)])
def test_a_lab_of_what_is_no_topology_is_a_type_error(wrong: Any) -> None:
    with pytest.raises(TypeError, match="a Lab takes a Topology"):
        Lab(wrong)


def test_more_descriptors_than_a_message_carries_are_refused(node: sandbox.Node) -> None:
    kept = [os.dup(0) for _ in range(241)]
    try:
        with pytest.raises(sandbox.RequestError, match="pass 240 at most"):
            node.run(["true"], pass_fds=kept)
        assert node.run(["true"], pass_fds=kept[1:]).returncode == 0
    finally:
        for fd in kept:
            os.close(fd)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("ls -l", TypeError),
        (b"ls", TypeError),
        ([], ValueError),
        ([""], ValueError),
        (["true", "nul\0byte"], ValueError),
        (["true", 3], TypeError),
        (None, TypeError),
        (True, TypeError),
    ],
)
def test_what_is_no_command_is_refused(node: sandbox.Node, words: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        node.run(words)
    with pytest.raises(error):
        sandbox.run(words)


@pytest.mark.parametrize("end", [3232235777, True, None, b"a:192.168.1.1", ("a", "192.168.1.1"), 1.5])
def test_what_is_no_text_is_no_endpoint(end: Any) -> None:
    with pytest.raises(TypeError), sandbox.pair(end, "b:192.168.1.2"):
        pass


@pytest.mark.parametrize("end", ["a", "a:192.168.1", "a:3232235777", "A:192.168.1.1", "a:192.168.1.0"])
def test_a_bad_endpoint_is_a_request_error(end: str) -> None:
    with pytest.raises(sandbox.RequestError) as raised, sandbox.pair(end, "b:192.168.1.2"):
        pass
    assert isinstance(raised.value, ValueError)


def test_a_shell_splits_what_is_a_text(node: sandbox.Node) -> None:
    assert node.run("echo $((6 * 7)) | cat", shell=True, capture_output=True, text=True).stdout == "42\n"


def test_paths_and_bytes_are_words(node: sandbox.Node, tmp_path: Path) -> None:
    assert node.run([b"echo", tmp_path], capture_output=True, text=True).stdout == f"{tmp_path}\n"


def test_the_environment_is_the_one_given(node: sandbox.Node) -> None:
    done = node.run(["/usr/bin/env"], env={"ONLY": "this"}, capture_output=True, text=True)
    assert sorted(done.stdout.splitlines()) == ["ONLY=this", "SANDBOX_NAME=sandbox"]


def test_passed_descriptors_keep_their_numbers(node: sandbox.Node, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    with open(tmp_path / "file") as file:
        fd = file.fileno()
        read = node.run(["cat", f"/proc/self/fd/{fd}"], pass_fds=[fd], capture_output=True, text=True).stdout
        script = "import os; print(sorted(os.listdir('/proc/self/fd')))"
        listed = node.run([*PYTHON, script], pass_fds=[fd], capture_output=True, text=True).stdout
    assert read == "content"
    assert str(fd) in listed


def test_a_descriptor_is_passed_that_was_not_allowed_when_the_lab_began() -> None:
    script = """
import fcntl, json, resource, sandbox
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
with sandbox.pair('a:192.168.1.1', 'b:192.168.1.2') as (a, b):
    resource.setrlimit(resource.RLIMIT_NOFILE, (2100, hard))
    high = fcntl.fcntl(0, fcntl.F_DUPFD, 2000)
    words = ['sh', '-c', f'test -e /proc/self/fd/{high} && ulimit -n']
    print(json.dumps(a.run(words, pass_fds=[high], capture_output=True, text=True).stdout))
"""
    assert program(script) == "2100\n"


def test_a_process_is_as_subprocess_popen(node: sandbox.Node) -> None:
    with node.popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.poll() is None
        assert psutil.Process(process.pid).name() == "cat"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.05)
        assert process.communicate("hello", timeout=5) == ("hello", None)
    assert process.returncode == process.poll() == process.wait() == 0


def test_large_data_goes_both_ways(node: sandbox.Node) -> None:
    data = os.urandom(1024 * 1024) * 8
    done = node.run(["sh", "-c", "tee /dev/stderr"], input=data, capture_output=True)
    assert (done.stdout == data, done.stderr == data) == (True, True)


def test_a_process_that_nobody_waits_for_ends_with_the_lab(pair: tuple[sandbox.Node, sandbox.Node]) -> None:
    process = pair[0].popen(["sleep", "99"])
    pair[0].lab.close()
    assert process.returncode == -signal.SIGKILL
    assert not psutil.pid_exists(process.pid)


@pytest.mark.parametrize("number", [-1, 65, 99, 2**40])
def test_a_number_that_is_no_signal_is_refused_as_by_the_kernel(node: sandbox.Node, number: int) -> None:
    with node.popen(["sleep", "99"]) as process:
        for send in (process.send_signal, process.send_signal_to_group):
            with pytest.raises(OSError, match="Invalid argument"):
                send(number)
        assert process.poll() is None
        process._signal({"signal": str(number)})  # as somebody would who lets others into a kept lab
        node.run(["true"], check=True)
        process.kill()


def test_a_timeout_may_be_infinite(node: sandbox.Node) -> None:
    node.run(["true"], timeout=float("inf"), check=True)


# --- close


def test_close_may_be_called_again() -> None:
    lab = Lab(Topology.alone())
    lab.close()
    lab.close()
    assert lab.is_closed


def test_a_lab_whose_close_is_interrupted_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = sorted(os.listdir("/proc/self/fd"))
    lab = Lab(Topology.alone())
    process = psutil.Process(lab.nodes[0].popen(["sleep", "60"]).pid)
    monkeypatch.setattr(lab._init, "see_end", interrupt)
    with pytest.raises(KeyboardInterrupt):
        lab.close()
    assert lab.is_closed
    psutil.wait_procs([process], 5)
    assert not process.is_running()
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_a_closed_lab_starts_nothing() -> None:
    with Lab(Topology.alone()) as lab:
        node = lab.nodes[0]
    with pytest.raises(sandbox.LabClosed):
        lab.processes()
    with pytest.raises(sandbox.LabClosed) as raised:
        node.run(["true"])
    assert raised.value.exit_status == 125


def test_a_lab_whose_init_was_killed_is_closed(node: sandbox.Node) -> None:
    with node.popen(["sleep", "99"]) as process:
        psutil.Process(process.pid).parent().kill()  # type: ignore[union-attr]
        assert process.wait(5) == -signal.SIGKILL
    with pytest.raises(sandbox.LabClosed):
        node.run(["true"])


def test_everything_is_gone_when_close_returns() -> None:
    with Lab(Topology.parse([V4])) as lab:
        processes = [node.popen(["sh", "-c", "sleep 99 & sleep 99"]) for node in lab for _ in range(10)]
        pids = [process.pid for process in processes]
    assert not [pid for pid in pids if psutil.pid_exists(pid)]


# --- the program is as before

SNAPSHOT = """
import json, os, signal, sandbox, threading
from pathlib import Path

def snapshot():
    def target(fd):
        try:
            return os.readlink(f'/proc/self/fd/{fd}')
        except FileNotFoundError:
            return ''  # that of the listing itself
    os.umask(before := os.umask(0))
    return {
        'namespaces': {name: os.readlink(f'/proc/self/ns/{name}') for name in sorted(os.listdir('/proc/self/ns'))},
        'tasks': len(os.listdir('/proc/self/task')),
        'threads': threading.active_count(),
        'handlers': [str(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
        'mask': sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
        'wakeup': signal.set_wakeup_fd(-1),
        'descriptors': {fd: target(fd) for fd in sorted(os.listdir('/proc/self/fd')) if target(fd)},
        'cwd': os.getcwd(),
        'environment': dict(os.environ),
        'umask': before,
        'mounts': Path('/proc/self/mountinfo').read_text(),
        'hostname': os.uname().nodename,
        'status': [line for line in Path('/proc/self/status').read_text().splitlines()
                   if line.startswith(('Cap', 'NoNew', 'Seccomp', 'SigB', 'SigC', 'SigI', 'Uid', 'Gid', 'Groups'))],
        'limits': Path('/proc/self/limits').read_text(),
        'session': [os.getsid(0), os.getpgrp()],
        'children': Path(f'/proc/self/task/{os.getpid()}/children').read_text(),
    }

def children():
    try:
        return os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return 'none'
"""

GUEST = """
before = snapshot()
with sandbox.pair('a:192.168.1.1', 'b:192.168.1.2') as (a, b):
    a.run(['true'])
    background = b.popen(['sleep', '99'])
    within = snapshot()
    within_children = children()
after = snapshot()
sandbox.run(['true'])
again = snapshot()
def differences(one, other):
    return {key: [one[key], other[key]] for key in one if one[key] != other[key]}
print(json.dumps({'within': differences(before, within), 'after': differences(before, after),
                  'again': differences(after, again), 'children': [within_children, children()]}))
"""


def test_the_program_is_as_before() -> None:
    found = program(SNAPSHOT + GUEST)
    assert found["children"] == ["none", "none"]
    assert set(found["within"]) <= {"descriptors"}
    assert set(found["after"]) <= {"descriptors"}
    assert found["again"] == {}
    # One descriptor stays, the way to the fork server: for the next lab.
    before, after = found["after"]["descriptors"]
    (kept,) = set(after) - set(before)
    assert after[kept].startswith("socket:")


def test_a_failed_lab_leaves_the_program_as_before() -> None:
    script = """
import resource
sandbox.run(['true'])
before = snapshot()
for words in (['no-such-program'], ['/etc/passwd'], ['true', 'x' * 200000]):
    try:
        sandbox.run(words)
    except (OSError, sandbox.SandboxError):
        pass
    else:
        raise AssertionError(words)
after = snapshot()
print(json.dumps([{key: [before[key], after[key]] for key in before if before[key] != after[key]}, children()]))
"""
    assert program(SNAPSHOT + script) == [{}, "none"]


def test_a_descriptor_is_never_inherited_by_a_program_of_the_caller(pair: tuple[sandbox.Node, sandbox.Node]) -> None:
    with pair[0].popen(["sleep", "99"], stdin=subprocess.PIPE) as process:
        listed = subprocess.run(["ls", "/proc/self/fd"], capture_output=True, text=True, close_fds=False).stdout
        process.kill()
    inheritable = [fd for fd in os.listdir("/proc/self/fd") if fd.isdigit() and _is_inheritable(int(fd))]
    assert set(listed.split()) <= {*inheritable, "0", "1", "2", "3"}


def _is_inheritable(fd: int) -> bool:
    try:
        return os.get_inheritable(fd)
    except OSError:
        return False


# --- threads, event loops, forks


def reached(_: int) -> bool:
    with sandbox.pair(*V4) as (a, b):
        done = a.run(["ping", "-qc1", "-W2", b.name], capture_output=True)
        return bool(done.returncode == 0)


def test_8_threads_at_once() -> None:
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(reached, range(24)))


def test_8_threads_in_one_lab(pair: tuple[sandbox.Node, sandbox.Node]) -> None:
    def run(number: int) -> str:
        return pair[number % 2].run(["echo", str(number)], capture_output=True, text=True).stdout  # type: ignore[no-any-return]

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(run, range(64))) == [f"{number}\n" for number in range(64)]


def test_8_threads_make_the_first_lab_of_a_program() -> None:
    script = """
import json, psutil, sandbox
from benchmarks.memory import _init
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
together = Barrier(8)
def served(_):
    together.wait()
    with sandbox.Lab(sandbox.Topology.alone()) as lab:
        return _init(lab).ppid()
with ThreadPoolExecutor(8) as threads:
    print(json.dumps(len(set(threads.map(served, range(8))))))
"""
    assert program(script) == 1  # fork server


def test_8_threads_close_one_lab(pair: tuple[sandbox.Node, sandbox.Node]) -> None:
    together = threading.Barrier(8)

    def close(_: int) -> bool:
        together.wait()
        pair[0].lab.close()
        return pair[0].lab.is_closed

    pair[0].popen(["sleep", "60"])
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(close, range(8))) == [True] * 8


def test_a_command_of_the_last_moment_has_a_lab() -> None:
    script = """
import atexit
late = lambda: print(sandbox.run(['true']).returncode)
atexit.register(late)
import sandbox
late()
"""
    words = [sys.executable, "-c", script]
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=20, env={**os.environ, "PYTHONPATH": str(HERE)}
    )
    assert (done.stdout, done.stderr) == ("0\n0\n", "")


@pytest.mark.parametrize("left", range(7))
def test_a_program_that_may_open_no_more_is_told_so(left: int) -> None:
    script = """
import json, os, resource, sandbox, sys
from benchmarks.memory import fork_server
from reliability.census import wait_for
server = fork_server()
wait_for(lambda: len(server.children()) == 1, within=5)
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (99, hard))
opened = []
while len(opened) < 99:
    try:
        opened.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        break
for fd in opened[:int(sys.argv[1])]:
    os.close(fd)
try:
    said = sandbox.run(["true"]).returncode
except OSError as error:
    said = error.strerror
for fd in opened[int(sys.argv[1]):]:
    os.close(fd)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
again = sandbox.run(["true"]).returncode
wait_for(lambda: len(server.children()) == 1, within=5)
print(json.dumps([said, again]))
"""
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    words = [sys.executable, "-c", script, str(left)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=20, env=environment)
    assert done.stderr == ""
    assert json.loads(done.stdout) in (["Too many open files", 0], [0, 0])


def test_several_threads_wait_for_one_process(node: sandbox.Node) -> None:
    words = ["sh", "-c", "read line; exit 7"]
    with node.popen(words, stdin=subprocess.PIPE) as process, ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(process.wait, 10) for _ in range(4)]
        assert process.stdin
        process.stdin.write(b"go\n")
        process.stdin.flush()
        assert [each.result(10) for each in waiting] == [7] * 4


def in_a_thread(call: Callable[[], Any]) -> Any:
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(call()))
    thread.start()
    thread.join(20)
    return results[0]


class Interrupting:
    """A lock during whose acquiring a signal comes, whose handler raises."""

    def __init__(self, lock: Any) -> None:
        self._lock = lock

    def acquire(self, **options: Any) -> None:
        self._lock.acquire(**options)
        raise KeyboardInterrupt

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lock, name)


def test_who_is_interrupted_while_waiting_keeps_nobody_waiting(node: sandbox.Node) -> None:
    process: Any = node.popen(["sh", "-c", "exit 7"])
    lock, process._lock = process._lock, Interrupting(process._lock)
    with pytest.raises(KeyboardInterrupt):
        process.poll()
    process._lock = lock
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(process.wait, 5).result() == 7


def test_a_lab_outlives_the_thread_that_made_it() -> None:
    # A death signal would be the thread's, not the program's: prctl(2), PR_SET_PDEATHSIG.
    lab = in_a_thread(lambda: Lab(Topology.parse([V4])))
    process = in_a_thread(lambda: lab["a"].popen(["sleep", "99"]))
    wait_for(lambda: threading.active_count() == 1, within=5)
    assert process.poll() is None
    assert lab["a"].run(["ping", "-qc1", "-W2", "b"], stdout=subprocess.DEVNULL).returncode == 0
    lab.close()


def test_to_thread_of_asyncio() -> None:
    async def several() -> list[bool]:
        return await asyncio.gather(*(asyncio.to_thread(reached, number) for number in range(8)))

    assert asyncio.run(several()) == [True] * 8


def test_a_callback_of_an_event_loop() -> None:
    async def direct() -> bool:
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(lambda: done.set_result(reached(0)))
        return await done

    assert asyncio.run(direct())


def test_asyncios_own_children_are_not_disturbed() -> None:
    async def both() -> tuple[int, bool, int]:
        child = await asyncio.create_subprocess_exec("sh", "-c", "sleep 0.2; exit 5")
        worked = await asyncio.to_thread(reached, 0)
        direct = reached(0)
        return await child.wait(), worked and direct, 0

    assert asyncio.run(both()) == (5, True, 0)


FORKED = """
import json, multiprocessing, sandbox, subprocess

def child(queue, a):
    try:
        a.run(['true'])
        inherited = 'worked'
    except sandbox.SandboxError:
        inherited = 'refused'
    with sandbox.pair('a:10.0.0.1', 'b:10.0.0.2') as (c, d):
        queue.put(c.run(['ping', '-qc1', '-W2', 'b'], stdout=subprocess.DEVNULL).returncode)

if __name__ == '__main__':
    context = multiprocessing.get_context('fork')
    queue = context.SimpleQueue()
    with sandbox.pair('a:192.168.1.1', 'b:192.168.1.2') as (a, b):
        process = context.Process(target=child, args=(queue, a))
        process.start()
        process.join(20)
        print(json.dumps([queue.get(), process.exitcode,
                          a.run(['ping', '-qc1', '-W2', 'b'], stdout=subprocess.DEVNULL).returncode]))
"""


def test_a_forked_child_has_labs_of_its_own_and_leaves_its_parents() -> None:
    assert program(FORKED) == [0, 0, 0]


def test_a_forked_child_that_closes_the_lab_does_not_end_it() -> None:
    script = """
import json, os, sandbox
with sandbox.pair('a:192.168.1.1', 'b:192.168.1.2') as (a, b):
    process = a.popen(['sleep', '99'])
    if os.fork() == 0:
        a.lab.close()
        os._exit(0)
    os.wait()
    print(json.dumps([process.poll(), b.run(['true']).returncode]))
"""
    assert program(script) == [None, 0]


def test_a_program_with_a_handler_for_its_children_hears_of_none() -> None:
    script = """
import json, signal, sandbox
heard = []
sandbox.run(['true'])  # the one child there ever is starts the fork server
signal.signal(signal.SIGCHLD, lambda *_: heard.append(1))
for _ in range(5):
    sandbox.run(['true'])
print(json.dumps(heard))
"""
    assert program(script) == []


def test_a_program_that_ignores_its_children_works() -> None:
    script = """
import json, signal, sandbox
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print(json.dumps([sandbox.run(['sh', '-c', 'exit 3']).returncode for _ in range(3)]))
"""
    assert program(script) == [3, 3, 3]


# Each lab finds dead what the one before it left waiting: first the spare init, then the fork server.
KILLED = """
import json, os, psutil, sandbox
from benchmarks.memory import fork_server
from reliability.census import wait_for
def descriptors():
    return len(os.listdir('/proc/self/fd'))
fork_server()
before, served = descriptors(), []
for whom in (lambda server: server.children(), lambda server: [server]):
    server = fork_server()
    wait_for(lambda: len(server.children()) == 1, within=5)
    (victim,) = whom(server)
    victim.kill()
    psutil.wait_procs([victim], 5)
    served.append([sandbox.run(['true']).returncode for _ in range(2)])
print(json.dumps([served, descriptors() - before]))
"""


def test_a_killed_spare_and_a_killed_fork_server_are_replaced() -> None:
    assert program(KILLED, env={**os.environ, "PYTHONPATH": str(HERE)}) == [[[0, 0], [0, 0]], 0]


def test_an_interrupt_of_the_program_does_not_reach_the_lab() -> None:
    script = """
import json, os, sandbox, signal
signal.signal(signal.SIGINT, lambda *_: None)
with sandbox.pair('a:192.168.1.1', 'b:192.168.1.2') as (a, b):
    process = a.popen(['sleep', '0.3'])
    os.killpg(0, signal.SIGINT)
    print(json.dumps([process.wait(), b.run(['true']).returncode]))
"""
    assert program(script, start_new_session=True) == [0, 0]


def test_the_current_directory_and_path_of_the_program_do_not_matter(tmp_path: Path) -> None:
    # A file here must not be imported instead of the library's.
    (tmp_path / "struct.py").write_text("raise SystemExit('imported from the current directory')")
    script = "import json, os, sandbox; os.environ.clear(); print(json.dumps(sandbox.run(['/bin/true']).returncode))"
    environment = {**os.environ, "PYTHONPATH": str(HERE), "PYTHONSAFEPATH": "1"}
    assert program(script, cwd=tmp_path, env=environment) == 0


def test_a_question_whose_answer_nobody_awaits_does_not_end_the_lab(
    pair: tuple[sandbox.Node, sandbox.Node],
) -> None:
    # As when the one who asked was interrupted while waiting.
    channel = pair[0].lab.channel
    for question in ({"ask": "state"}, {"ask": "nonsense"}, {"socket": ["2", "2", "0"], "node": "a"}):
        ours, theirs = messages.pair()
        ours.close()
        channel.tell(question, theirs.fileno())
        theirs.close()
    assert pair[0].run(["true"]).returncode == 0
