"""What a process gives up for good: capabilities, the session's keys, files outside its view."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.kernel import landlock

# As an ordinary user nobody has capabilities to lock but in a user namespace.
ENTER = () if os.getuid() == 0 else ("unshare", "-Ur")
NOROOT, NO_SETUID_FIXUP, KEEP_CAPS, NO_AMBIENT_RAISE = 1 << 0, 1 << 2, 1 << 4, 1 << 6
LOCKS = (NOROOT | NO_SETUID_FIXUP | NO_AMBIENT_RAISE) << 1  # KEEP_CAPS keeps nothing, and ping(8) sets it


def run(script: str, *words: str, enter: tuple[str, ...] = ()) -> object:
    """What a script prints as JSON; it must succeed."""
    done = subprocess.run(
        [*enter, sys.executable, "-c", script, *words],
        capture_output=True,
        text=True,
        timeout=20,
        start_new_session=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# Capabilities.

LOCK = """
import json, os, sys
from sandbox import capabilities
from sandbox.kernel import caps
caps.lock([capabilities.number(name) for name in sys.argv[2:]])
os.execv(sys.executable, [sys.executable, "-c", sys.argv[1]])
"""
LOOK = """
import ctypes, json, os
lines = [line.split(":\\t") for line in open("/proc/self/status").read().splitlines()]
sets = {name: int(mask, 16) for name, mask in lines if name.startswith(("Cap", "NoNew"))}
print(json.dumps([sets, ctypes.CDLL(None).prctl(27, 0, 0, 0, 0), os.getuid()]))
"""


def test_nothing_is_left_even_to_uid_0() -> None:
    found = run(LOCK, LOOK, enter=ENTER)
    sets = dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), 0)
    assert found == [{**sets, "NoNewPrivs": 1}, NOROOT | NO_SETUID_FIXUP | NO_AMBIENT_RAISE | LOCKS, 0]


def test_what_is_kept_is_kept_through_exec_and_nothing_else() -> None:
    found = run(LOCK, LOOK, "CAP_NET_ADMIN", "kill", enter=ENTER)
    sets = dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), 1 << 12 | 1 << 5)
    assert found == [{**sets, "NoNewPrivs": 1}, NOROOT | NO_AMBIENT_RAISE | LOCKS, 0]


def test_who_has_no_capabilities_cannot_lock_them() -> None:
    script = """
import json
from sandbox.kernel import caps
caps.lock()
try:
    caps.lock()
except OSError as error:
    print(json.dumps(error.errno))
"""
    assert run(script, enter=ENTER) == errno.EPERM


@pytest.mark.parametrize(
    "attempt",
    [
        "libc.prctl(28, 0, 0, 0, 0)",  # PR_SET_SECUREBITS
        "libc.prctl(47, 2, 12, 0, 0)",  # PR_CAP_AMBIENT_RAISE
        "libc.capset(ctypes.byref((ctypes.c_uint * 2)(0x20080522)), ctypes.byref((ctypes.c_uint * 6)(1, 1, 1)))",
    ],
)
def test_no_lock_can_be_opened(attempt: str) -> None:
    libc = "import ctypes, json\nlibc = ctypes.CDLL(None, use_errno=True)"
    script = f"{libc}\nprint(json.dumps([{attempt}, ctypes.get_errno()]))"
    assert run(LOCK, script, enter=ENTER) == [-1, errno.EPERM]


def test_a_daemon_that_leaves_root_loses_what_was_given_back() -> None:
    if os.getuid() != 0:
        pytest.skip("a user namespace of one's own has one uid")
    script = f"import ctypes, json, os\nos.setgroups([]); os.setgid(65534); os.setuid(65534)\n{LOOK}"
    found = run(LOCK, script, "net_bind_service", "setuid", "setgid")
    assert isinstance(found, list)
    assert (found[0]["CapEff"], found[0]["CapPrm"], found[0]["CapAmb"], found[2]) == (0, 0, 0, 65534)


# Keys.


def test_the_keys_of_the_session_are_left_behind() -> None:
    """keyrings(7): a key of the session's keyring is found from all that has inherited it."""
    script = """
import ctypes, json, os
from sandbox.kernel import keyring, syscalls
SESSION, USER = -3, b"user"
def search():
    try:
        return syscalls.call("keyctl", 10, (1 << 64) + SESSION, USER, b"secret", 0) > 0
    except OSError as error:
        return error.errno
keyring.own_session()
key = syscalls.call("add_key", USER, b"secret", b"x", 1, (1 << 64) + SESSION)
found = [search()]
keyring.own_session()
print(json.dumps([*found, search()]))
"""
    assert run(script) == [True, errno.ENOKEY]


# Landlock.

needs_landlock = pytest.mark.skipif(landlock.version() == 0, reason="this kernel has no Landlock")

RESTRICT = """
import json, os, socket, sys
from sandbox.kernel import caps, landlock
caps.no_new_privileges()
def attempt(what):
    try:
        what()
        return "done"
    except OSError as error:
        return type(error).__name__
readable, writable, *others = json.loads(sys.argv[1])
walls = landlock.restrict(readable, writable)
"""


@needs_landlock
def test_files_outside_the_view_are_denied(tmp_path: Path) -> None:
    (tmp_path / "in" / "below").mkdir(parents=True)
    (tmp_path / "read").mkdir()
    for file in ("in/file", "read/file", "outside", "single"):
        (tmp_path / file).write_text("x")
    script = f"""{RESTRICT}
base = others[0]
print(json.dumps([
    attempt(lambda: open(base + "/in/file").read()),
    attempt(lambda: open(base + "/in/below/new", "w").write("x")),
    attempt(lambda: os.rename(base + "/in/below/new", base + "/in/new")),
    attempt(lambda: os.mkfifo(base + "/in/fifo")),
    attempt(lambda: open(base + "/read/file").read()),
    attempt(lambda: os.listdir(base + "/read")),
    attempt(lambda: open(base + "/single").read()),
    attempt(lambda: open(base + "/read/file", "w")),
    attempt(lambda: open(base + "/read/new", "w")),
    attempt(lambda: os.unlink(base + "/read/file")),
    attempt(lambda: os.truncate(base + "/read/file", 0)),
    attempt(lambda: open(base + "/single", "a")),
    attempt(lambda: open(base + "/outside").read()),
    attempt(lambda: open(base + "/in/../outside").read()),
    attempt(lambda: open("/proc/self/root" + base + "/outside").read()),
    attempt(lambda: os.listdir(base)),
    attempt(lambda: os.link(base + "/read/file", base + "/in/link")),
    attempt(lambda: os.execv(base + "/outside", ["x"])),
]))
"""
    found = run(script, json.dumps([[f"{tmp_path}/read", f"{tmp_path}/single"], [f"{tmp_path}/in"], str(tmp_path)]))
    assert isinstance(found, list)
    assert found[:7] == ["done"] * 7
    assert set(found[7:16]) == {"PermissionError"}
    assert found[16:] == ["OSError", "PermissionError"]  # EXDEV: it would be seen with more rights than before
    assert (tmp_path / "read" / "file").read_text() == "x"


@needs_landlock
def test_a_descriptor_says_as_well_what_may_be_seen(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    script = f"""
import os, sys
fd = os.open(sys.argv[2], os.O_PATH)
{RESTRICT.replace("restrict(readable", "restrict([fd]")}
print(json.dumps([attempt(lambda: open(sys.argv[2] + "/file").read()), attempt(lambda: os.fstat(fd))]))
"""
    assert run(script, json.dumps([[], []]), str(tmp_path)) == ["done", "done"]


@needs_landlock
def test_what_it_walls_off_is_told() -> None:
    found = run(f"{RESTRICT}\nprint(json.dumps(walls))", json.dumps([["/"], []]))
    version = landlock.version()
    assert isinstance(found, list)
    assert ("files" in found, "signals and abstract sockets" in found) == (True, version >= 6)
    assert len(found) == sum(first <= version for first in landlock.WALLS)


@needs_landlock
def test_nobody_behind_a_wall_mounts() -> None:
    script = f"""{RESTRICT}
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(json.dumps([libc.mount(b"none", b"/tmp", b"tmpfs", 0, None), ctypes.get_errno()]))
"""
    enter = ("unshare", "-m") if os.getuid() == 0 else ("unshare", "-Urm")
    assert run(script, json.dumps([["/"], ["/tmp"]]), enter=enter) == [-1, errno.EPERM]


@pytest.mark.skipif(landlock.version() < 6, reason="signals and abstract sockets are of version 6 of Landlock")
def test_signals_and_abstract_sockets_end_at_the_wall() -> None:
    name = f"\0sandbox-test-{os.getpid()}"
    script = f"""{RESTRICT}
def to_child():
    pid = os.fork()
    if pid == 0:
        os.read(come, 1)
        os._exit(0)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
def connect(name):
    with socket.socket(socket.AF_UNIX) as end:
        end.connect(name)
def own():
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(others[0] + "-own")
        listener.listen()
        connect(others[0] + "-own")
come, go = os.pipe()
print(json.dumps([
    attempt(lambda: os.kill(os.getppid(), 0)),
    attempt(lambda: connect(others[0])),
    attempt(to_child),
    attempt(own),
]))
"""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(name)
        listener.listen()
        found = run(script, json.dumps([["/"], [], name]))
    assert found == ["PermissionError", "PermissionError", "done", "done"]


@needs_landlock
def test_a_place_that_is_not_there_is_an_error_with_its_name() -> None:
    script = f"""{RESTRICT.replace("walls = landlock.restrict(readable, writable)", "")}
try:
    landlock.restrict(["/nowhere/at/all"], [])
except OSError as error:
    before = os.listdir("/proc/self/fd")
    print(json.dumps([error.errno, error.filename, attempt(lambda: os.listdir("/"))]))
"""
    assert run(script, json.dumps([[], []])) == [errno.ENOENT, "/nowhere/at/all", "done"]


@needs_landlock
def test_what_is_open_can_be_opened_anew_if_that_is_said(tmp_path: Path) -> None:
    """A pipe always, a file as the rules have it: programs write to /dev/stderr by its name."""
    (tmp_path / "file").touch()
    script = f"""
import os, sys
os.dup2(os.open(sys.argv[2], os.O_WRONLY), 2)
{RESTRICT.replace("restrict(readable, writable)", "restrict(readable, [*writable, *map(int, sys.argv[3:])])")}
anew = [attempt(lambda: open(f"/dev/fd/{{fd}}", "w").write("")) for fd in (1, 2)]
print(json.dumps(anew))
"""
    rules = json.dumps([["/"], ["/proc", "/dev"]])
    assert run(script, rules, str(tmp_path / "file")) == ["done", "PermissionError"]
    assert run(script, rules, str(tmp_path / "file"), "0", "1", "2") == ["done", "done"]


@pytest.mark.parametrize("reason", [errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_kernel_without_landlock_builds_no_wall(monkeypatch: pytest.MonkeyPatch, reason: int) -> None:
    def absent(*_: object) -> int:
        raise OSError(reason, os.strerror(reason), "syscall")

    monkeypatch.setattr(landlock, "call", absent)
    assert landlock.version() == 0
    assert landlock.restrict(["/"], []) == []


@pytest.mark.parametrize(
    ("version", "accesses", "scopes", "walls"),
    [
        (1, 0x1FFF, 0, ["files"]),
        (2, 0x3FFF, 0, ["files"]),
        (3, 0x7FFF, 0, ["files", "truncation"]),
        (4, 0x7FFF, 0, ["files", "truncation"]),
        (5, 0xFFFF, 0, ["files", "truncation", "ioctl on devices"]),
        (6, 0xFFFF, 3, ["files", "truncation", "ioctl on devices", "signals and abstract sockets"]),
        (8, 0xFFFF, 3, ["files", "truncation", "ioctl on devices", "signals and abstract sockets"]),
    ],
)
def test_an_older_kernel_is_asked_for_no_more_than_it_has(
    monkeypatch: pytest.MonkeyPatch, version: int, accesses: int, scopes: int, walls: list[str]
) -> None:
    """As "Landlock ABI versions" of Documentation/userspace-api/landlock.rst has it."""
    asked: list[tuple[object, ...]] = []

    def kernel(_: str, number: int, *arguments: object) -> int:
        asked.append((number, *arguments))
        return version if number == 444 and arguments[0] is None else os.open("/dev/null", os.O_RDONLY)

    monkeypatch.setattr(landlock, "call", kernel)
    assert landlock.restrict([], []) == walls
    assert asked[1] == (444, accesses.to_bytes(8, "little") + bytes(8) + scopes.to_bytes(8, "little"), 24, 0)
    assert [each[0] for each in asked] == [444, 444, 446]


# Each call that fails is told of: nothing is weaker silently.

DOORS = """
import os
from sandbox.kernel import caps, keyring, landlock, seccomp, syscalls
os.write(1, b"begun ")
keyring.own_session()
caps.lock()
landlock.restrict(["/"], ["/tmp"])
seccomp.install(seccomp.program(syscalls.machine()))
os.write(1, b"done")
"""


FROM_THE_LAST = {"the first of a bounding set": 42, "its last": 2, "securebits": 1, "no_new_privs": 0}


def under_strace(strace: str, expression: str, log: Path) -> tuple[int, str, str]:
    words = [strace, "-qq", "-o", log, "-e", expression, sys.executable, "-c", DOORS]
    done = subprocess.run([*ENTER, *words], capture_output=True, text=True, timeout=20)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def calls_of_prctl(tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many there are when nothing fails: libcap itself makes some when it is loaded."""
    strace, log = shutil.which("strace"), tmp_path_factory.mktemp("strace") / "log"
    if not strace:
        pytest.skip("strace is not installed")
    assert under_strace(strace, "trace=prctl", log) == (0, "begun done", "")
    return log.read_text().count("prctl(")


@pytest.mark.parametrize("error", ["EPERM", "ENOSYS", "ENOMEM"])
@pytest.mark.parametrize("from_the_last", FROM_THE_LAST.values(), ids=FROM_THE_LAST)
def test_a_setting_that_fails_is_an_error(
    strace: str, calls_of_prctl: int, from_the_last: int, error: str, tmp_path: Path
) -> None:
    inject = f"inject=prctl:error={error}:when={calls_of_prctl - from_the_last}"
    status, output, errors = under_strace(strace, inject, tmp_path / "log")
    assert (status, output, "Error: [Errno" in errors) == (1, "begun ", True), errors


@needs_landlock
@pytest.mark.parametrize("error", ["EPERM", "ENOSYS", "ENOMEM"])
@pytest.mark.parametrize(
    "call",
    [
        *("keyctl", "capset", "capset:when=2", "seccomp", "landlock_create_ruleset", "landlock_create_ruleset:when=2"),
        *("landlock_add_rule", "landlock_add_rule:when=2", "landlock_restrict_self"),
    ],
)
def test_a_call_that_fails_is_an_error(strace: str, call: str, error: str, tmp_path: Path) -> None:
    name, _, when = call.partition(":")
    inject = f"inject={name}:error={error}" + (f":{when}" if when else "")
    status, output, errors = under_strace(strace, inject, tmp_path / "log")
    assert (status, output, "Error: [Errno" in errors) == (1, "begun ", True), errors
