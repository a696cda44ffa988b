"""What a command sees: its own network, names and processes; the host's files; no privilege but over its network."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import sandbox
from reliability.programs import PYTHON

from .conftest import PAIR, Cli

IS_ROOT = os.getuid() == 0
OF_A_USER = 1 << 12 | 1 << 13 | 1 << 10  # NET_ADMIN, NET_RAW, NET_BIND_SERVICE
OF_DOCKER = 0xA80425FB  # what `docker run alpine grep Cap /proc/self/status` prints
OF_ROOT = OF_DOCKER | 1 << 12


def out(node: sandbox.Node, *words: str) -> str:
    """What a command prints; it must succeed."""
    return node.run([*words], capture_output=True, text=True, check=True).stdout  # type: ignore[no-any-return]


def status_of(node: sandbox.Node) -> dict[str, str]:
    lines = out(node, "cat", "/proc/self/status").splitlines()
    return dict(line.split(":\t", 1) for line in lines)


def capabilities(node: sandbox.Node) -> dict[str, int]:
    return {key[3:]: int(mask, 16) for key, mask in status_of(node).items() if key.startswith("Cap")}


# --- names


def test_every_node_is_known_by_name() -> None:
    topology = sandbox.Topology.parse([("a:10.0.1.1", "b:10.0.1.2"), ("b:10.0.2.1", "c:10.0.2.2")])
    with sandbox.Lab(topology) as lab:
        for node, expected in (
            ("a", {"a": "10.0.1.1", "b": "10.0.1.2", "c": "10.0.2.2"}),
            ("b", {"a": "10.0.1.1", "c": "10.0.2.2"}),
            ("c", {"b": "10.0.2.1", "c": "10.0.2.2", "a": "10.0.1.1"}),
        ):
            for name, address in expected.items():
                assert out(lab[node], "getent", "ahostsv4", name).split()[0] == address


def test_localhost_is_localhost(node: sandbox.Node) -> None:
    assert out(node, "getent", "hosts", "localhost").split()[0] in ("127.0.0.1", "::1")
    out(node, "ping", "-c", "1", "-W", "1", "localhost")


def test_the_hosts_file_is_the_labs_alone(pair: tuple[sandbox.Node, sandbox.Node]) -> None:
    before = Path("/etc/hosts").read_bytes()
    text = out(pair[0], "cat", "/etc/hosts")
    assert [line.split()[1] for line in text.splitlines()] == ["localhost", "localhost", "a", "b"]
    assert Path("/etc/hosts").read_bytes() == before


def test_the_hostname_is_the_nodes(pair: tuple[sandbox.Node, sandbox.Node]) -> None:
    before = socket.gethostname()
    assert [out(node, "hostname") for node in pair] == ["a\n", "b\n"]
    assert [out(node, "getent", "hosts", node.name).split()[1] for node in pair] == ["a", "b"]
    assert socket.gethostname() == before


def test_variables_tell_of_the_node_and_its_peer(pair: tuple[sandbox.Node, sandbox.Node]) -> None:
    variables = [line for line in out(pair[0], "env").splitlines() if line.startswith("SANDBOX_")]
    assert sorted(variables) == [
        "SANDBOX_IP=192.168.1.1",
        "SANDBOX_NAME=a",
        "SANDBOX_PEER=b",
        "SANDBOX_PEER_IP=192.168.1.2",
    ]


# --- processes and devices


def test_proc_shows_the_lab_alone(pair: tuple[sandbox.Node, sandbox.Node]) -> None:
    with pair[1].popen(["sleep", "99"]) as sleeping:
        names = out(pair[0], "sh", "-c", "cat /proc/[0-9]*/comm").split()
        sleeping.kill()
    assert len(names) == 3  # init is the third
    assert {"sh", "sleep"} < set(names)


def test_sys_shows_the_networks_own_interfaces(pair: tuple[sandbox.Node, sandbox.Node]) -> None:
    for node in pair:
        assert out(node, "ls", "/sys/class/net").split() == ["eth0", "lo"]


def test_sys_shows_nothing_but_lo_without_a_link(node: sandbox.Node) -> None:
    assert out(node, "ls", "/sys/class/net") == "lo\n"


@pytest.mark.skipif(not os.path.ismount("/sys/fs/cgroup"), reason="no cgroups are mounted here")
def test_cgroups_are_where_they_were(node: sandbox.Node) -> None:
    assert out(node, "ls", "/sys/fs/cgroup").split() == sorted(os.listdir("/sys/fs/cgroup"))


def test_mounts_of_a_command_are_its_own(pair: tuple[sandbox.Node, sandbox.Node]) -> None:
    before = Path("/proc/self/mountinfo").read_text()
    with pair[0].popen(["sleep", "99"]) as sleeping:
        assert Path("/proc/self/mountinfo").read_text() == before
        assert Path(f"/proc/{sleeping.pid}/mountinfo").read_text() != before
        sleeping.kill()


def test_the_hosts_files_are_as_we_see_them(node: sandbox.Node, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    assert out(node, "cat", str(tmp_path / "file")) == "content"
    node.run(["sh", "-c", f"echo more >{tmp_path}/new"], check=True)
    assert (tmp_path / "new").read_text() == "more\n"
    assert (tmp_path / "new").stat().st_uid == os.getuid()


# --- resolvers

ASK = """
import socket, sys
with socket.socket(socket.AF_UNIX) as asking:
    try:
        asking.connect(sys.argv[1])
    except ConnectionRefusedError:
        print("refused")
"""
SERVE = """
import os, socket, subprocess, sys
os.makedirs(os.path.dirname(sys.argv[1]), exist_ok=True)
serving = socket.socket(socket.AF_UNIX)
serving.bind(sys.argv[1])
serving.listen()
socket.socket(socket.AF_UNIX).connect(sys.argv[1])
sys.exit(subprocess.run(sys.argv[2:]).returncode)
"""


@pytest.mark.parametrize("path", ["/run/nscd/socket", "/run/systemd/resolve/io.systemd.Resolve"])
def test_no_resolver_of_the_host_can_be_asked(cli: Cli, path: str) -> None:
    private = ("unshare", "-m") if IS_ROOT else ("unshare", "-Urm")
    script = 'mount -t tmpfs none /run && exec "$@"'
    before = (*private, "sh", "-c", script, "sh", *PYTHON, SERVE, path)
    done = cli("run", *PAIR, "--raw", "--", *PYTHON, ASK, path, before=before)
    assert (done.returncode, done.stdout, done.stderr) == (0, "refused\nrefused\n", "")


# --- privilege


def test_capabilities_are_those_over_the_network_alone(node: sandbox.Node) -> None:
    expected = (
        {"Inh": 0, "Prm": OF_ROOT, "Eff": OF_ROOT, "Bnd": OF_ROOT, "Amb": 0}
        if IS_ROOT
        else dict.fromkeys(("Inh", "Prm", "Eff", "Bnd", "Amb"), OF_A_USER)
    )
    assert capabilities(node) == expected


def test_as_root_capabilities_are_dockers_and_net_admin() -> None:
    with sandbox.Lab(sandbox.Topology.alone(), as_root=True) as lab:
        expected = {"Inh": 0, "Prm": OF_ROOT, "Eff": OF_ROOT, "Bnd": OF_ROOT, "Amb": 0}
        assert capabilities(lab.nodes[0]) == expected


def test_no_program_gives_new_privileges(node: sandbox.Node) -> None:
    assert status_of(node)["NoNewPrivs"] == "1"


def test_the_command_runs_as_us(node: sandbox.Node) -> None:
    assert out(node, "id", "-u") == f"{os.getuid()}\n"
    assert out(node, "id", "-g") == f"{os.getgid()}\n"


@pytest.mark.parametrize("words", [(), PAIR], ids=["one", "two"])
def test_as_root_the_command_is_uid_0(cli: Cli, words: tuple[str, ...]) -> None:
    done = cli("run", *words, "--as-root", "--raw", "--", "id", "-u")
    assert set(done.stdout.split()) == {"0"}


def test_as_root_is_in_a_user_namespace(cli: Cli) -> None:
    done = cli("run", "--as-root", "--", "readlink", "/proc/self/ns/user")
    assert done.stdout.strip() != os.readlink("/proc/self/ns/user")


def test_root_needs_no_user_namespace_and_a_user_gets_one(node: sandbox.Node) -> None:
    is_same = out(node, "readlink", "/proc/self/ns/user").strip() == os.readlink("/proc/self/ns/user")
    assert is_same == IS_ROOT


def test_the_network_can_be_changed_from_inside(pair: tuple[sandbox.Node, sandbox.Node]) -> None:
    out(pair[0], "ip", "link", "set", "eth0", "mtu", "1400")
    assert "mtu 1400" in out(pair[0], "ip", "link", "show", "eth0")


def test_the_network_of_the_host_cannot_be_changed_from_inside(node: sandbox.Node) -> None:
    script = f"import os; os.setns(os.open('/proc/{os.getpid()}/ns/net', 0), 0)"
    assert node.run([*PYTHON, script], stderr=subprocess.DEVNULL).returncode != 0


def test_mounting_is_not_allowed(node: sandbox.Node, tmp_path: Path) -> None:
    done = node.run(["mount", "-t", "tmpfs", "none", str(tmp_path)], capture_output=True)
    assert done.returncode != 0


@pytest.mark.skipif(IS_ROOT, reason="root itself is not refused")
def test_what_the_user_may_not_read_stays_so(node: sandbox.Node) -> None:
    assert node.run(["cat", "/etc/shadow"], capture_output=True).returncode != 0


def test_a_sandbox_runs_in_a_sandbox(cli: Cli) -> None:
    # Docker's capabilities for root have no CAP_SYS_ADMIN: inside, root is a user like any other.
    inner = (
        sys.executable,
        "-m",
        "sandbox",
        "run",
        *PAIR,
        "--raw",
        "--",
        "sh",
        "-c",
        "ping -qc1 $SANDBOX_PEER; hostname",
    )
    done = cli("run", "--pair", "outer:10.0.0.1", "other:10.0.0.2", "--raw", "--", *inner)
    assert done.returncode == 0, done.stderr
    names = [line for line in done.stdout.splitlines() if len(line) == 1]
    assert sorted(names) == ["a", "a", "b", "b"]


# --- commands that init executes itself


TWICE = """
import sandbox, sys
with sandbox.Lab(sandbox.Topology.alone()) as lab:
    for number in range(2):
        print(lab.nodes[0].run(sys.argv[1:], capture_output=True, text=True).stdout, end='')
"""


@pytest.mark.skipif(os.getuid() != 0, reason="chroot(2) is root's, and forbids user namespaces")
def test_in_a_chroot_every_command_is_in_it(tmp_path: Path) -> None:
    script = 'mount --rbind / "$0"; mount -t tmpfs none "$0/mnt"; touch "$0/mnt/here"; exec chroot "$0" "$@"'
    words = [sys.executable, "-c", TWICE, "ls", "/mnt"]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-euc", script, str(tmp_path), *words], capture_output=True, text=True, timeout=20
    )
    assert (done.stdout, done.stderr) == ("here\nhere\n", "")


MOUNTED_MEANWHILE = """
import sandbox, subprocess
with sandbox.Lab(sandbox.Topology.alone()) as lab:
    node = lab.nodes[0]
    node.run(['true'])
    subprocess.run(['mount', '-t', 'tmpfs', 'none', '/mnt'], check=True)
    subprocess.run(['touch', '/mnt/here'], check=True)
    print(node.run(['ls', '/mnt'], capture_output=True, text=True).stdout, end='')
"""


def test_what_the_host_mounts_is_seen_by_commands_that_start_later() -> None:
    host = ("unshare", "--mount") if os.getuid() == 0 else ("unshare", "--user", "--map-root-user", "--mount")
    words = [*host, "--propagation", "shared", sys.executable, "-c", MOUNTED_MEANWHILE]
    done = subprocess.run(words, capture_output=True, text=True, timeout=20)
    assert (done.stdout, done.stderr) == ("here\n", "")


def test_a_command_mounts_nothing_that_another_sees(node: sandbox.Node) -> None:
    tables = {node.run(["cat", "/proc/self/mountinfo"], capture_output=True, text=True).stdout for _ in range(3)}
    assert len({len(table.splitlines()) for table in tables}) == 1


def test_a_program_that_only_roots_power_could_reach_is_not_found(node: sandbox.Node, tmp_path: Path) -> None:
    if os.getuid() == 0:
        pytest.skip("root's commands may read every file")
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    shutil.copy("/bin/true", hidden)
    hidden.chmod(0)  # init, with every capability over its own files, could go there
    try:
        with pytest.raises(PermissionError):
            node.run([str(hidden / "true")])
        with pytest.raises(PermissionError):
            node.run(["true"], cwd=hidden)
    finally:
        hidden.chmod(0o700)
