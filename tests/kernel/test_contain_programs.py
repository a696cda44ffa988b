"""Real programs in containers: they work, and what a container is to keep from them is said plainly."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest

import sandbox
from reliability.census import wait_for
from reliability.terminals import Terminals, has_exited
from sandbox import Containment, Node

from .conftest import Cli
from .test_real_programs import NGINX, await_server, output, program

AS_ROOT = os.getuid() == 0
PAIR = ("a:10.0.0.1", "b:10.0.0.2")
CONTAIN = [sys.executable, "-m", "sandbox", "run", "--contain"]


@contextmanager
def contained(**words: object) -> Iterator[tuple[Node, Node]]:
    """Two contained nodes, joined."""
    with sandbox.pair(*PAIR, contain=Containment(**words)) as nodes:  # type: ignore[arg-type]
        yield nodes


def shell(node: Node, script: str, *words: str, timeout: float = 20) -> str:
    """What a script prints in a node; it must succeed."""
    done = node.run(["sh", "-euc", script, "sh", *words], capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


def python_with(module: str) -> tuple[str, list[str]]:
    """An interpreter that has a module, and what is to be bound for it to be seen inside; a test without is not run."""
    for path in (os.path.realpath(getattr(sys, "_base_executable", sys.executable)), "/usr/bin/python3"):
        words = [path, "-I", "-c", f"import sys, {module}; print(sys.base_prefix)"]
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=20)
        except OSError:
            continue
        if done.returncode == 0:
            prefix = done.stdout.strip()
            return path, [] if prefix == "/usr" else [prefix]
    pytest.skip(f"no Python here has {module}")


# --- languages

# Between them TCP, UDP, both IP versions, pairs, descriptors, abstract names, what is not blocking, and names of hosts.
SOCKET_TESTS = (
    *("GeneralModuleTests", "BasicTCPTest", "BasicUDPTest", "BasicSocketPairTest", "NonBlockingTCPTests"),
    *("TestUnixDomain", "TestLinuxAbstractNamespace", "InheritanceTest", "CreateServerTest"),
    *("SendmsgTCPTest", "RecvmsgTCPTest", "SendmsgUDP6Test", "SendRecvFdsTests"),
)


@pytest.mark.deadline(60)
def test_cpythons_own_tests_of_sockets_pass() -> None:
    python, bound = python_with("test.test_socket")
    words = [python, "-m", "unittest", *(f"test.test_socket.{each}" for each in SOCKET_TESTS)]
    with contained(ro_bind=bound) as (node, _):
        done = node.run(words, cwd="/tmp", capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr
    assert "\nOK" in done.stderr


@pytest.mark.deadline(90)
def test_pip_installs_a_wheel_that_is_bound_and_says_plainly_that_there_is_no_network(tmp_path: Path) -> None:
    python, bound = python_with("ensurepip, venv")
    wheel(tmp_path / "wheels")
    with contained(ro_bind=[f"{tmp_path}/wheels:/tmp/wheels", *bound], tmpfs="/tmp/venv:64M") as (node, _):
        shell(node, '"$1" -I -m venv /tmp/venv', python, timeout=60)
        pip = "/tmp/venv/bin/python -I -m pip --isolated --no-cache-dir --disable-pip-version-check"
        shell(node, f"{pip} install --quiet --no-index --find-links /tmp/wheels greeting", timeout=60)
        assert shell(node, "/tmp/venv/bin/python -c 'import greeting'") == "hello\n"
        refused = node.run(["sh", "-c", f"{pip} install --retries 0 other"], capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1
    assert "No matching distribution found for other" in refused.stderr


def wheel(directory: Path) -> None:
    """A package of one module."""
    directory.mkdir()
    about = "greeting-1.dist-info"
    with zipfile.ZipFile(directory / "greeting-1-py3-none-any.whl", "w") as archive:
        archive.writestr("greeting.py", "print('hello')\n")
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: greeting\nVersion: 1\n")
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")


def test_gcc_compiles_and_what_it_made_runs() -> None:
    program("gcc")
    with contained() as (node, _):
        source = '#include <stdio.h>\\nint main(void) { puts("compiled"); return 0; }\\n'
        script = f"cd /tmp; printf '{source}' >it.c; gcc -O2 -o it it.c; ./it"
        assert shell(node, script) == "compiled\n"


SERVER = """
require("http").createServer((request, answer) => answer.end("hello from node\\n")).listen(8080);
"""


def test_node_serves_what_npm_starts() -> None:
    node, curl = program("node"), program("curl")
    with contained() as (a, b):
        shell(a, 'mkdir /tmp/it; cd /tmp/it; printf %s "$1" >it.js; echo "$2" >package.json', SERVER, START)
        # Debian's npm is a package of its own, with some hundred others.
        words = ["npm", "run", "--silent", "start"] if shutil.which("npm") else [node, "it.js"]
        a.popen(words, cwd="/tmp/it", stdout=subprocess.DEVNULL)
        await_server(a, 8080)
        assert output(b, curl, "-sSf", "http://a:8080/") == "hello from node\n"


START = '{"name": "it", "scripts": {"start": "node it.js"}}'


# --- servers


def test_git_clones_over_a_link() -> None:
    git = program("git")
    commit = "-c user.name=me -c user.email=me@a commit --quiet --allow-empty -m first"
    with contained() as (a, b):
        shell(a, f"git init --quiet /tmp/it; git -C /tmp/it {commit}")
        a.popen([git, "daemon", "--base-path=/tmp", "--export-all"], stderr=subprocess.DEVNULL)
        await_server(a, 9418)
        shell(b, "git clone --quiet git://a/it /tmp/it")
        assert shell(b, "git -C /tmp/it log --format=%s") == "first\n"
    assert not Path("/tmp/it").exists()


def test_a_redis_is_written_to_over_a_link() -> None:
    server, client = program("redis-server"), program("redis-cli")
    with contained() as (a, b):
        words = [server, "--protected-mode", "no", "--save", "", "--dir", "/tmp"]
        a.popen(words, stdout=subprocess.DEVNULL)
        await_server(a, 6379)
        assert output(b, client, "-h", "a", "set", "colour", "green") == "OK\n"
        assert output(b, client, "-h", "a", "get", "colour") == "green\n"


def serve_nginx(node: Node, configuration: str) -> None:
    nginx = program("nginx")
    shell(node, 'mkdir /tmp/it; printf %s "$1" >/tmp/it/nginx.conf', configuration)
    node.popen([nginx, "-e", "stderr", "-p", "/tmp/it", "-c", "nginx.conf"])
    await_server(node, 80)


@pytest.mark.skipif(not AS_ROOT, reason="who is not root has no other user for its workers")
def test_nginx_as_inner_root_needs_three_capabilities_to_give_its_workers_another_user() -> None:
    curl = program("curl")
    with contained(cap_add=["chown", "setgid", "setuid"]) as (a, b):
        serve_nginx(a, f"user daemon;\n{NGINX}")
        assert output(b, curl, "-sSf", "http://a/") == "a\n"
        seen = [line.split(maxsplit=3)[:3] for line in output(a, "ps", "-C", "nginx", "-o", "user=,args=").splitlines()]
        assert seen == [["root", "nginx:", "master"], ["daemon", "nginx:", "worker"]]


def test_nginx_needs_no_capability_where_it_is_to_be_nobody_else(cli: Cli, tmp_path: Path) -> None:
    nginx, curl = program("nginx"), program("curl")
    (tmp_path / "nginx.conf").write_text(NGINX)
    user = ("--user", "nobody") if AS_ROOT else ()
    serve = f"mkdir /tmp/it && exec {nginx} -e stderr -p /tmp/it -c /tmp/nginx.conf"
    ask = f"until ss -Hltn sport = :80 dst a; {curl} -sSf http://a/ 2>/dev/null; do :; done"
    pair = ("--pair", *PAIR, "--until", "b", "--ro-bind", f"{tmp_path}/nginx.conf:/tmp/nginx.conf")
    done = cli("run", "--contain", *user, *pair, "--", "sh", "-c", serve, ":::", "sh", "-c", ask)
    assert done.returncode == 0, done.stderr
    assert "b | a\n" in done.stdout


def postgres() -> str:
    """Where the programs of the server are: Debian has them beside the PATH."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return str(found[0]) if found else str(Path(program("initdb")).resolve().parent)


@pytest.mark.deadline(60)
def test_postgres_as_an_ordinary_user_answers_over_a_link(cli: Cli) -> None:
    path = f"{postgres()}:/usr/local/bin:/usr/bin:/bin"
    user = ("--user", "nobody") if AS_ROOT else ()
    serve = """
    initdb --auth=trust --username=me /tmp/it >/dev/null
    echo 'host all all 10.0.0.0/24 trust' >>/tmp/it/pg_hba.conf
    exec postgres -D /tmp/it -k /tmp -h 0.0.0.0
    """
    ask = "until psql -h a -U me -Atc 'select 6 * 7' postgres 2>/dev/null; do :; done"
    options = ("--env", f"PATH={path}", "--pair", *PAIR, "--until", "b")
    done = cli("run", "--contain", *user, *options, "--", "sh", "-euc", serve, ":::", "sh", "-c", ask, timeout=50)
    assert done.returncode == 0, done.stderr
    assert "b | 42\n" in done.stdout


# --- terminals


def test_bash_has_job_control(terminal: Terminals) -> None:
    inside = terminal([*CONTAIN, "--", "bash", "--norc", "--noprofile", "--noediting", "-i"])
    inside.expect("prompt> ")
    inside.sendline("sleep 60 & jobs")
    inside.expect(r"\[1\].*Running +sleep 60")
    inside.sendline("fg")
    inside.expect("sleep 60")
    wait_for(lambda: is_suspended(inside), within=10)
    inside.sendline("bg; kill %1; wait; echo '['killed]; exit 3")
    inside.expect(r"\[killed\]")
    assert has_exited(inside) == 3


def is_suspended(inside: pexpect.spawn[str]) -> bool:
    """Whether ^Z has stopped the job, which has to be in the foreground for that."""
    inside.sendcontrol("z")
    return bool(inside.expect(["Stopped", pexpect.TIMEOUT], timeout=0.5) == 0)


# --- what is refused


def test_a_socket_of_the_hosts_that_was_bound_by_way_of_a_descriptor_is_in_nobodys_way(
    cli: Cli, tmp_path: Path
) -> None:
    directory = os.open(tmp_path, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"/proc/self/fd/{directory}/socket")
        listening.listen()
        assert cli("run", "--contain", "--", "true").returncode == 0
    os.close(directory)


def refusal(words: Sequence[str], *, cli: Cli) -> str:
    """What a program says inside that must fail."""
    done = cli("run", "--contain", "--", *words)
    assert done.returncode not in (0, 125), done
    return str(done.stderr)


def test_strace_is_told_that_it_may_not_trace(cli: Cli, strace: str) -> None:
    assert "ptrace(PTRACE_TRACEME, ...): Operation not permitted" in refusal([strace, "true"], cli=cli)


def test_su_makes_nobody_another(cli: Cli) -> None:
    words = [program("su"), "-s", "/bin/sh", "-c", "id -u", "nobody" if AS_ROOT else "root"]
    refusal(words, cli=cli)


def test_sudo_is_useless(cli: Cli) -> None:
    said = refusal([program("sudo"), "-n", "true"], cli=cli)
    assert said.startswith("sudo: ")


def test_unshare_makes_no_user_namespace(cli: Cli) -> None:
    assert "unshare failed: Operation not permitted" in refusal([program("unshare"), "-Ur", "true"], cli=cli)
