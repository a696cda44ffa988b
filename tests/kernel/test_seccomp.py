"""The filter in the kernel: what is refused is refused, and ordinary programs do not notice."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.kernel import seccomp, syscalls
from sandbox.kernel.seccomp import judgement

NUMBERS = syscalls.numbers(syscalls.machine()) or {}

INSTALL = """
import ctypes, json, os, sys
from sandbox.kernel import caps, seccomp, syscalls
libc = ctypes.CDLL(None, use_errno=True)
def ask(number, *arguments):
    ctypes.set_errno(0)
    libc.syscall(ctypes.c_long(number), *(ctypes.c_ulong(each) for each in arguments))
    return ctypes.get_errno()
caps.no_new_privileges()
seccomp.install(seccomp.program(syscalls.machine()))
"""
EXECUTE = f"{INSTALL}\nos.execvp(sys.argv[1], sys.argv[1:])"

pytestmark = pytest.mark.skipif(not NUMBERS, reason=f"no filter is made for {syscalls.machine()}")


def filtered(script: str, *words: str) -> object:
    """What a script prints as JSON, after it has put itself under the filter."""
    return json.loads(run(f"{INSTALL}\n{script}", *words))


def run(script: str, *words: str) -> str:
    """What a script prints; it must succeed."""
    python = [sys.executable, "-c", script, *words]
    done = subprocess.run(python, capture_output=True, text=True, timeout=20, start_new_session=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def under_the_filter(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    """A program under the filter."""
    if not shutil.which(words[0]):
        pytest.skip(f"{words[0]} is not installed")
    python = [sys.executable, "-c", EXECUTE, *words]
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        python, text=True, timeout=25, **{"stdin": subprocess.DEVNULL, "capture_output": True, **options}
    )


# The table and this kernel.

ASK_EACH = """
import ctypes, json, os
libc = ctypes.CDLL(None, use_errno=True)
found = {}
for number in %r:
    libc.syscall(ctypes.c_long(number), *[ctypes.c_long(-1)] * 6)
    found[number] = ctypes.get_errno()
print(json.dumps(found))
"""


def test_this_kernel_has_no_call_that_is_not_judged() -> None:
    """The kernel itself is asked: of what is not in the table it has to say that there is none."""
    if "Seccomp:\t0" not in Path("/proc/self/status").read_text():
        pytest.skip("another filter stands between this process and the kernel")
    known = set(NUMBERS.values())
    answers = json.loads(run(ASK_EACH % [number for number in range(1024) if number not in known]))
    assert {number for number, answer in answers.items() if answer != errno.ENOSYS} == set()
    assert json.loads(run(ASK_EACH % [NUMBERS["close"]])) == {str(NUMBERS["close"]): errno.EBADF}


def headers(*options: str) -> dict[str, int]:
    """The calls of the C headers that are installed, by name."""
    words = ["cc", "-E", "-dM", "-x", "c", *options, "-"]
    defined = subprocess.run(words, input="#include OF\n", capture_output=True, text=True, check=True).stdout
    macros = dict(re.findall(r"^#define (__NR\w*) (\w+)$", defined, re.MULTILINE))
    found = {}
    for macro, content in macros.items():
        while content in macros:
            content = macros[content]
        if macro.startswith("__NR_") and content.isdigit():
            found[macro.removeprefix("__NR_")] = int(content)
    return found


# What arch/arm64/include/uapi/asm/unistd.h asks of the generic table.
OF_ARM64 = ("RENAMEAT", "NEW_STAT", "SET_GET_RLIMIT", "TIME32_SYSCALLS", "SYS_CLONE3", "MEMFD_SECRET")


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_numbers_are_those_of_the_kernels_headers(machine: str) -> None:
    if not shutil.which("cc") or not Path("/usr/include/asm-generic/unistd.h").exists():
        pytest.skip("no C compiler or no headers of the kernel")
    if machine == "aarch64":
        wanted = [f"-D__ARCH_WANT_{each}" for each in OF_ARM64]
        found = headers("-DOF=<asm-generic/unistd.h>", "-D__BITS_PER_LONG=64", *wanted)
    elif os.uname().machine == machine:
        found = headers("-DOF=<asm/unistd.h>")
    else:
        pytest.skip(f"the headers are of {os.uname().machine}")
    found = {name: number for name, number in found.items() if name not in ("syscalls", "arch_specific_syscall")}
    ours = syscalls.numbers(machine) or {}
    assert len(found) > 290
    assert {name: ours.get(name) for name in found} == found


# What is refused.


def test_each_refused_call_fails_as_the_table_says() -> None:
    refused = [name for name in judgement.REFUSED.split() if name in NUMBERS]
    absent = [name for name in judgement.ABSENT.split() if name in NUMBERS]
    script = "print(json.dumps([ask(number, *[2**64 - 1] * 6) for number in json.loads(sys.argv[1])]))"
    answers = filtered(script, json.dumps([NUMBERS[name] for name in (*refused, *absent)]))
    assert isinstance(answers, list)
    found = dict(zip((*refused, *absent), answers, strict=True))
    assert found == {**dict.fromkeys(refused, errno.EPERM), **dict.fromkeys(absent, errno.ENOSYS)}


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("clone", (0x10000000 | 17,), errno.EPERM),
        ("clone", (0x20000 | 17,), errno.EPERM),
        ("personality", (0xFFFFFFFF,), 0),
        ("personality", (0x40000,), errno.EPERM),
        ("ioctl", (0, 0x5412, 0), errno.EPERM),
        ("ioctl", (0, 1 << 32 | 0x5412, 0), errno.EPERM),
        ("ioctl", (0, 0x541C, 0), errno.EPERM),
        ("ioctl", (0, 0x5401, 0), errno.ENOTTY),
        ("socket", (17, 3, 0), errno.EAFNOSUPPORT),
        ("socket", (38, 5, 0), errno.EAFNOSUPPORT),
        ("socket", (40, 1, 0), errno.EAFNOSUPPORT),
        ("socket", (2, 10, 0), errno.EAFNOSUPPORT),
        ("socket", (16, 3, 12), errno.EPROTONOSUPPORT),
        ("socket", (16, 3, 0), 0),
        ("socket", (2, 2, 0), 0),
        ("socketpair", (40, 1, 0, 0), errno.EAFNOSUPPORT),
    ],
)
def test_what_depends_on_an_argument(name: str, arguments: tuple[int, ...], expected: int) -> None:
    script = "print(json.dumps(ask(*json.loads(sys.argv[1]))))"
    assert filtered(script, json.dumps([NUMBERS[name], *arguments])) == expected


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="x32 and int 0x80 are of x86")
def test_x32_and_calls_of_32_bits_are_refused() -> None:
    getpid = NUMBERS["getpid"]
    assert filtered(f"print(json.dumps(ask({getpid} | 1 << 30)))") == errno.ENOSYS
    # mov eax, 20 (getpid of i386); int 0x80; ret
    call = "b'\\xb8\\x14\\0\\0\\0\\xcd\\x80\\xc3'"
    script = f"""
import mmap
page = mmap.mmap(-1, 4096, prot=7)
page.write({call})
pid = os.fork()
if pid == 0:
    print(ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))(), file=sys.stderr)
    os._exit(0)
print(json.dumps(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])))
"""
    assert filtered(script) == -31  # SIGSYS


def test_a_filter_cannot_be_taken_off() -> None:
    script = """
try:
    seccomp.install(seccomp.decision.program(seccomp.decision.ALLOW))
    print(json.dumps(ask(syscalls.number("mount"))))
except OSError as error:
    print(json.dumps(str(error)))
"""
    assert filtered(script) == errno.EPERM


def test_without_no_new_privs_nothing_is_installed() -> None:
    if os.getuid() == 0:
        pytest.skip("root may always")
    script = "from sandbox.kernel import seccomp, syscalls\nseccomp.install(seccomp.program(syscalls.machine()))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "Permission denied: 'seccomp'" in done.stderr


# What is not.

PROGRAMS = {
    "ls": ("ls", "-l", "/"),
    "python": (sys.executable, "-c", "print(sum(range(10)))"),
    "python threads": (
        sys.executable,
        "-c",
        "import threading as t; x = [t.Thread(target=print, args=(n,)) for n in range(8)]; [y.start() for y in x]",
    ),
    "python subprocess": (sys.executable, "-c", "import subprocess as s; print(s.check_output(['echo', 'x']))"),
    "posix_spawn": (
        sys.executable,
        "-c",
        "import os; p = os.posix_spawn('/bin/echo', ['echo', 'x'], {}); assert os.waitpid(p, 0)[1] == 0",
    ),
    "multiprocessing": (
        sys.executable,
        "-c",
        "import multiprocessing as m; print(m.get_context('fork').Pool(2).map(abs, [-1, -2]))",
    ),
    "asyncio": (
        sys.executable,
        "-c",
        "import asyncio as a; print(a.run(a.wait_for(a.create_subprocess_exec('true'), 9)).pid)",
    ),
    "job control": ("bash", "-ic", "sleep 0.01 & jobs; wait %1; (echo x | cat) && echo done"),
    "node": ("node", "-e", "require('fs').readdir('/', (e, f) => { if (e) throw e; console.log(f.length) })"),
    "node worker": (
        "node",
        "-e",
        "const w = require('worker_threads'); new w.Worker('1', {eval: true}).on('exit', c => console.log('exit', c))",
    ),
    "git": ("git", "--version"),
    "perl": ("perl", "-e", "print `echo x`"),
    "ip": ("ip", "-o", "link"),
    "ss": ("ss", "-ltn"),
    "find": ("find", "/etc/hostname", "-newermt", "2000-01-01"),
    "tar": ("tar", "-cf", "/dev/null", "/etc/hostname"),
}


@pytest.mark.parametrize("words", PROGRAMS.values(), ids=PROGRAMS)
def test_an_ordinary_program_works(words: tuple[str, ...]) -> None:
    done = under_the_filter(*words)
    assert (done.returncode, done.stdout != "" or words[0] in ("tar", sys.executable)) == (0, True), done.stderr


def test_a_compiler_works_and_so_does_what_it_makes(tmp_path: Path) -> None:
    (tmp_path / "x.c").write_text('#include <stdio.h>\nint main(void) { puts("made"); return 0; }\n')
    done = under_the_filter("sh", "-c", "cc -pipe -o x x.c && ./x", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "made\n"), done.stderr


def test_a_server_and_a_client_on_loopback() -> None:
    script = """
python=$1
"$python" -u -m http.server 0 --bind 127.0.0.1 >log 2>&1 & server=$!
until port=$(sed -n 's/.*port \\([0-9]*\\).*/\\1/p' log) && [ "$port" ]; do :; done
curl -sf "http://127.0.0.1:$port/log"; status=$?
kill $server
exit $status
"""
    done = under_the_filter(
        "sh", "-c", f'cd "$(mktemp -d)" && trap \'rm -r "$PWD"\' EXIT\n{script}', "sh", sys.executable
    )
    assert (done.returncode, "Serving HTTP" in done.stdout) == (0, True), done.stderr


def test_the_c_library_takes_clone_where_clone3_is_absent(strace: str, tmp_path: Path) -> None:
    """glibc 2.34 and later ask for clone3 first."""
    log = tmp_path / "log"
    thread = "import threading; t = threading.Thread(target=print, args=('x',)); t.start(); t.join()"
    words = [strace, "-f", "-qq", "-e", "trace=clone,clone3", "-o", log, sys.executable, "-c", EXECUTE]
    done = subprocess.run([*words, sys.executable, "-c", thread], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout) == (0, "x\n"), done.stderr
    asked = re.findall(r"(clone3?)\(.* = (?:-1 )?(\w+)", log.read_text())
    assert asked[-1][0] == "clone"
    assert all(answer == "ENOSYS" for name, answer in asked if name == "clone3")


def test_the_filter_is_seen_in_proc() -> None:
    done = under_the_filter("grep", "-E", "^(Seccomp|NoNewPrivs):", "/proc/self/status")
    assert done.stdout.split() == ["NoNewPrivs:", "1", "Seccomp:", "2"]


def test_a_program_too_long_is_refused_by_the_kernel() -> None:
    script = """
try:
    seccomp.install(seccomp.decision.INSTRUCTION.pack(6, 0, 0, seccomp.decision.ALLOW) * 5000)
except OSError as error:
    print(json.dumps([error.errno, error.filename]))
"""
    assert filtered(script) == [errno.EINVAL, "seccomp"]


def test_a_program_is_made_in_no_time() -> None:
    """A part of each contained launch: a bound that only something very wrong breaks; 0.5 ms here."""
    script = """
import timeit
from sandbox.kernel import seccomp, syscalls
print(min(timeit.repeat(lambda: seccomp.program(syscalls.machine()), number=1, repeat=20)))
"""
    assert float(run(script)) < 0.005
    assert seccomp.program(syscalls.machine())
