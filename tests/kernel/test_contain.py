"""A container for each node, from the inside: what there is of the host, of other nodes, and of privilege."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import sandbox
from sandbox import Containment

from .conftest import PAIR, Cli, one_error_line

IS_ROOT = os.getuid() == 0
CONTAINED_PAIR = ("run", "--contain", *PAIR)
BLOCK = "dd if=/dev/zero of={} bs=1M count=3 2>&1"


@pytest.fixture(scope="module")
def nodes() -> Iterator[tuple[sandbox.Node, sandbox.Node]]:
    """Two nodes that are containers, with little room."""
    with sandbox.pair("a:192.168.1.1", "b:192.168.1.2", contain=Containment(tmp_size="2M")) as nodes:
        yield nodes


@pytest.fixture
def a(nodes: tuple[sandbox.Node, sandbox.Node]) -> sandbox.Node:
    return nodes[0]


def output(node: sandbox.Node, script: str) -> str:
    """What a script for sh prints, whatever becomes of it."""
    done = node.run(["sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/")
    return str(done.stdout).strip()


def status(node: sandbox.Node) -> dict[str, str]:
    return dict(line.split(":\t", 1) for line in output(node, "cat /proc/self/status").splitlines() if ":\t" in line)


# --- files


def test_the_files_of_the_host_are_only_to_be_read(a: sandbox.Node) -> None:
    assert "Read-only file system" in output(a, "touch /usr/there")
    assert "Read-only file system" in output(a, "echo x >/etc/motd")
    assert not Path("/usr/there").exists()
    for line in output(a, "cat /proc/self/mountinfo").splitlines():
        what, where, options = line.split()[3:6]
        # What is masked has the null device over it.
        assert "nosuid" in options or what == "/null" or where.startswith("/dev/"), line
    (root,) = (line for line in output(a, "cat /proc/self/mounts").splitlines() if line.split()[1] == "/")
    assert root.split()[3].split(",")[:3] == ["ro", "nosuid", "nodev"]


@pytest.mark.parametrize("place", ["/tmp", "/run", "/home", "$HOME", "/dev/shm"])
def test_there_is_little_room_of_its_own(a: sandbox.Node, place: str) -> None:
    if place == "$HOME" and os.environ.get("HOME", "/") == "/":
        pytest.skip("no home")
    assert output(a, f"ls -A {place}") in ("", os.path.basename(os.environ.get("HOME", "")))
    said = output(a, BLOCK.format(f"{place}/block") + f"; rm {place}/block")
    assert "No space left on device" in said


@pytest.mark.parametrize("home", ["/home/somebody", "/tmp/home/deeper", "/nosuch", "/", "relative", ""])
def test_a_home_is_there_wherever_it_can_be(cli: Cli, home: str) -> None:
    script = "cd && touch mine && pwd; echo done"
    done = cli("run", "--contain", "--", "sh", "-c", script, env={**cli.environment, "HOME": home})
    can_be = home.startswith(("/home/", "/tmp/"))
    assert done.stdout == (f"{home}\ndone\n" if can_be else "done\n"), done.stderr


def test_what_is_in_tmp_is_of_one_node(nodes: tuple[sandbox.Node, sandbox.Node]) -> None:
    a, b = nodes
    assert output(a, "echo mine >/tmp/mark; echo ours >/dev/shm/mark") == ""
    assert output(a, "cat /tmp/mark /dev/shm/mark") == "mine\nours"
    assert output(b, "ls /tmp /dev/shm") == "/dev/shm:\n\n/tmp:"
    assert output(a, "rm /tmp/mark /dev/shm/mark") == ""
    assert not Path("/tmp/mark").exists()


def test_there_are_few_devices(a: sandbox.Node) -> None:
    names = "fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero"
    assert output(a, "ls /dev").split() == names.split()
    assert output(a, "echo x >/dev/null; head -c 3 /dev/zero | od -An -tx1") == "00 00 00"
    assert "Read-only file system" in output(a, "rm -f /dev/null")
    assert "Read-only file system" in output(a, "mknod /dev/sda b 8 0 || touch /dev/x")


def test_what_was_written_to_can_be_opened_anew(nodes: tuple[sandbox.Node, sandbox.Node], tmp_path: Path) -> None:
    assert output(nodes[0], "echo x >/dev/stdout; echo y >/dev/stderr") == "x\ny"
    file = tmp_path / "output"
    file.touch(mode=0o666)
    file.chmod(0o666)
    with file.open("w") as opened:
        nodes[0].run(["sh", "-c", "echo x >/dev/stdout"], stdout=opened, check=True)
    assert file.read_text() == "x\n"


def test_proc_tells_of_nobody_else_and_is_masked(a: sandbox.Node) -> None:
    # Its init, the shell, and ls.
    assert len(output(a, "ls -d /proc/[0-9]* | cat").splitlines()) <= 4
    assert output(a, "cat /proc/1/comm /proc/kcore 2>/dev/null") != ""
    for path in ("/proc/kcore", "/proc/keys", "/proc/timer_list"):
        if os.path.exists(path):
            assert output(a, f"cat {path}") == ""
    for path in ("/proc/sys/kernel/hostname", "/proc/sys/net/ipv4/ip_forward", "/proc/sysrq-trigger", "/proc/irq/x"):
        said = output(a, f"echo 1 >{path}")
        assert any(why in said for why in ("Read-only", "Permission denied", "nonexistent")), said


def test_sys_shows_its_own_network_and_is_only_to_be_read(a: sandbox.Node) -> None:
    assert output(a, "ls /sys/class/net").split() == ["eth0", "lo"]
    assert any(why in output(a, "echo 9 >/sys/class/net/eth0/mtu") for why in ("Read-only", "Permission"))
    assert output(a, "ls /sys/fs/cgroup /sys/kernel/security") in ("", "/sys/fs/cgroup:\n\n/sys/kernel/security:")


# --- names, ids, privilege


def test_it_has_names_of_its_own(nodes: tuple[sandbox.Node, sandbox.Node]) -> None:
    assert [output(node, "uname -n") for node in nodes] == ["a", "b"]
    assert "192.168.1.2 b b.lab" in output(nodes[0], "cat /etc/hosts")
    assert "Read-only" in output(nodes[0], "echo >>/etc/hosts")
    assert output(nodes[0], "getent hosts b").split()[0] == "192.168.1.2"


@pytest.mark.skipif(not IS_ROOT, reason="an ordinary user has one id")
def test_ids_of_root_are_nobody_s_outside_and_each_node_s_own(nodes: tuple[sandbox.Node, sandbox.Node]) -> None:
    maps = [output(node, "cat /proc/self/uid_map").split() for node in nodes]
    assert [(inner, count) for inner, _, count in maps] == [("0", "65536")] * 2
    assert len({outer for _, outer, _ in maps}) == 2
    assert all(int(outer) >= 1 << 16 for _, outer, _ in maps)
    assert [output(node, "id -u; id -g") for node in nodes] == ["0\n0"] * 2
    for node, (_, outer, _) in zip(nodes, maps, strict=True):
        with node.popen(["sleep", "99"]) as process:
            fields = Path(f"/proc/{process.pid}/status").read_text()
            assert f"\nUid:\t{outer}\t{outer}\t{outer}\t{outer}\n" in fields
            assert f"\nGid:\t{outer}\t" in fields
            process.kill()


@pytest.mark.skipif(not IS_ROOT, reason="the files of root")
def test_root_inside_cannot_read_what_only_root_may(a: sandbox.Node) -> None:
    assert "Permission denied" in output(a, "cat /etc/shadow")


@pytest.mark.skipif(not IS_ROOT, reason="the files of root")
def test_root_without_other_ids_makes_no_container(cli: Cli) -> None:
    for before in (("unshare", "-Ur"), ("setpriv", "--bounding-set", "-sys_admin")):
        done = cli("run", "--contain", "--", "cat", "/etc/shadow", before=before)
        assert (done.returncode, done.stdout) == (125, "")
        assert "root has no ids here that it could give a container - be another user" in one_error_line(done.stderr)
    assert cli("run", "--contain", "--as-root", "--", "cat", "/etc/shadow").returncode == 1


@pytest.mark.skipif(IS_ROOT, reason="root has ids to give")
def test_an_ordinary_user_has_their_own_id(a: sandbox.Node) -> None:
    assert output(a, "id -u; id -g") == f"{os.getuid()}\n{os.getgid()}"


def test_there_is_no_privilege_and_none_to_be_had(a: sandbox.Node) -> None:
    fields = status(a)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(fields[name], 16) == 0
    assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2")
    assert "denied" in output(a, "ip link set eth0 down") or "permitted" in output(a, "ip link set eth0 down")
    assert "permitted" in output(a, "unshare -U true")


def test_a_capability_that_is_given_back_is_there() -> None:
    script = ["sh", "-c", "grep -E 'CapEff|CapBnd' /proc/self/status"]
    done = sandbox.run(script, contain=Containment(cap_add="CHOWN"), capture_output=True, text=True, check=True)
    assert {int(line.split()[1], 16) for line in done.stdout.splitlines()} == {1}


def test_the_filter_can_be_left_out() -> None:
    done = sandbox.run(["cat", "/proc/self/status"], contain=Containment(seccomp=False), capture_output=True, text=True)
    assert "\nSeccomp:\t0\n" in done.stdout


def test_processes_of_a_node_see_each_other_and_no_others(nodes: tuple[sandbox.Node, sandbox.Node]) -> None:
    a, b = nodes
    with a.popen(["sleep", "917"]) as process:
        assert "sleep 917" in output(a, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
        assert "sleep 917" not in output(b, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
        assert output(a, "kill -TERM $(pidof sleep)") == ""
        assert process.wait(5) == -15


def test_nodes_reach_each_other(nodes: tuple[sandbox.Node, sandbox.Node]) -> None:
    assert nodes[0].run(["ping", "-qc1", "-W2", "b"], stdout=subprocess.DEVNULL).returncode == 0


# --- what is asked for beside


def test_what_is_bound_is_there_and_only_then_written(cli: Cli, tmp_path: Path) -> None:
    for name in ("data", "only"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(f"{name}\n")
    binds = ("--bind", "data:/tmp/data", "--ro-bind", "only:/tmp/only", "--tmpfs", "/tmp/room:1M")
    script = (
        "cat /tmp/data/file /tmp/only/file; echo new >/tmp/data/new; echo new >/tmp/only/new; df /tmp/room | tail -1"
    )
    done = cli("run", "--contain", *binds, "--", "sh", "-c", script)
    assert done.stdout.splitlines()[:2] == ["data", "only"]
    assert done.stdout.splitlines()[2].split()[1] == "1024"
    assert "/tmp/only/new: Read-only file system" in done.stderr
    new = tmp_path / "data" / "new"
    assert (new.read_text(), new.stat().st_uid) == ("new\n", os.getuid())
    assert sorted(os.listdir(tmp_path / "only")) == ["file"]


def test_a_file_can_be_bound_and_a_place_in_what_is_bound(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "motd").write_text("hello\n")
    done = cli("run", "--contain", "--ro-bind", "motd:/etc/hosts", "--", "cat", "/etc/hosts")
    assert done.stdout == "hello\n"
    (tmp_path / "outer" / "in").mkdir(parents=True)
    words = ("--bind", "motd:/tmp/o/in/motd", "--tmpfs", "/tmp/o/in", "--bind", "outer:/tmp/o")
    done = cli("run", "--contain", *words, "--", "sh", "-c", "cat /tmp/o/in/motd; ls -A /tmp/o")
    assert done.stdout == "hello\nin\n"
    assert not list((tmp_path / "outer" / "in").iterdir())


@pytest.fixture
def rootfs(tmp_path: Path) -> Path:
    """Another system: with its own /etc, and the host's programs where it expects them."""
    root = tmp_path / "rootfs"
    for name in ("usr", "etc", "var", "tmp"):
        (root / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        if os.path.islink(f"/{name}"):
            (root / name).symlink_to(os.readlink(f"/{name}"))
    (root / "etc" / "name").write_text("another\n")
    return root


USR = ("--ro-bind", "/usr")
usr_is_all = pytest.mark.skipif(not os.path.islink("/bin"), reason="programs are not all in /usr here")


@usr_is_all
def test_another_root_is_never_changed(cli: Cli, rootfs: Path) -> None:
    script = (
        "cat /etc/name; echo changed >/etc/name; cat /etc/name; touch /new; ls -d /boot /proc/1 /sys/class /dev/null"
    )
    done = cli("run", "--contain", "--rootfs", str(rootfs), *USR, "--", "sh", "-c", f"cd /; {script} 2>/dev/null")
    assert done.stdout == "another\nchanged\n/dev/null\n/proc/1\n/sys/class\n"
    assert (rootfs / "etc" / "name").read_text() == "another\n"
    assert not (rootfs / "new").exists()


@usr_is_all
def test_another_root_is_changed_if_that_is_asked_for(cli: Cli, rootfs: Path) -> None:
    done = cli("run", "--contain", "--rootfs-rw", str(rootfs), *USR, "--", "sh", "-c", "echo changed >/etc/name")
    assert done.returncode == 0, done.stderr
    assert (rootfs / "etc" / "name").read_text() == "changed\n"


@usr_is_all
@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("tmp", "/../../etc"),
        ("dev", ".."),
        ("dev", "/etc"),
        ("proc", "/etc"),
        ("sys", "/proc/self/root"),
        ("home", "/tmp/../../../../etc"),
        ("run", "/old/etc"),
        ("var", "/proc/1/root/etc"),
        ("var", "../../../../../etc"),
    ],
)
def test_links_in_another_root_lead_nowhere_else(
    cli: Cli, rootfs: Path, tmp_path: Path, name: str, target: str
) -> None:
    place = rootfs / name
    if place.is_dir():
        place.rmdir()
    place.symlink_to(target)
    (tmp_path / "data").mkdir()
    words = ("--rootfs", str(rootfs), *USR, "--bind", f"{tmp_path}/data:/{name}/sandbox-tests")
    script = "touch /tmp/sandbox-tests-x /run/sandbox-tests-x /home/sandbox-tests-x; ls -d /etc/passwd /etc/name"
    done = cli("run", "--contain", *words, "--", "sh", "-c", script)
    # It may not work at all, and then on one line; it does not work outside.
    if done.returncode == 125:
        one_error_line(done.stderr)
    else:
        assert done.returncode in (0, 2), done.stderr  # of ls
    assert "/etc/passwd" not in done.stdout
    assert not [path for path in ("/etc", "/") if "sandbox-tests" in " ".join(os.listdir(path))]
    assert sorted(os.listdir(rootfs / "etc")) == ["name"]


# --- where commands start, and who they are


def test_it_starts_where_it_was_started_if_that_is_there(cli: Cli, tmp_path: Path) -> None:
    def directory(*words: str, cwd: object = "/usr/bin") -> str:
        return str(cli("run", "--contain", *words, "--", "pwd", cwd=cwd).stdout)

    assert directory() == "/usr/bin\n"
    there = tmp_path / "there"
    there.mkdir()
    assert directory(cwd=there) == ("/\n" if str(tmp_path).startswith("/tmp/") or not IS_ROOT else directory(cwd=there))
    assert directory("--bind", ".", cwd=there) == f"{there}\n"
    assert directory("--workdir", "/tmp") == "/tmp\n"
    assert directory("--workdir", "local", cwd="/usr") == "/usr/local\n"
    done = cli("run", "--contain", "-w", "/nosuch", "--", "pwd")
    assert done.returncode == 125
    assert "'/nosuch': No such file or directory, where a command was to start - take a --workdir" in done.stderr
    one_error_line(done.stderr)


def test_without_a_container_it_has_to_be_there(cli: Cli) -> None:
    assert cli("run", "--workdir", "/usr/bin", "--", "pwd").stdout == "/usr/bin\n"
    done = cli("run", "--workdir", "/nosuch", "--", "pwd")
    assert done.returncode == 125
    one_error_line(done.stderr)


def test_a_directory_of_the_api_has_to_be_there(a: sandbox.Node, tmp_path: Path) -> None:
    del tmp_path
    with pytest.raises(FileNotFoundError) as caught:
        a.run(["true"], cwd="/nosuch")
    assert caught.value.filename == "/nosuch"
    for path in ("/proc/self/fd/0", "/proc/1/root"):
        with pytest.raises(OSError, match=r"directory|denied"):
            a.run(["true"], cwd=path, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("contain", [(), ("--contain",)])
def test_variables_are_those_that_were_asked_for(cli: Cli, contain: tuple[str, ...]) -> None:
    env = {**cli.environment, "OURS": "1", "PASSED": "2"}
    done = cli("run", *contain, "--clear-env", "-e", "A=x y", "-e", "PASSED", "--", "env", env=env)
    said = dict(line.split("=", 1) for line in done.stdout.splitlines())
    kept = {name: env[name] for name in ("PATH", "HOME", "TERM", "LANG") if name in env}
    assert said == {**kept, "A": "x y", "PASSED": "2", "SANDBOX_NAME": "sandbox"}
    done = cli(
        "run", *contain, "-e", "A=1", "-e", "SANDBOX_NAME=me", "--", "sh", "-c", "echo $A$OURS$SANDBOX_NAME", env=env
    )
    assert done.stdout == "11me\n"


@pytest.mark.skipif(not IS_ROOT, reason="an ordinary user is nobody else")
@pytest.mark.parametrize("contain", [(), ("--contain",)])
def test_root_may_be_somebody_else(cli: Cli, contain: tuple[str, ...]) -> None:
    def who(user: str) -> str:
        script = "id -u; id -g; id -G; echo $HOME"
        return str(cli("run", *contain, "-u", user, "--", "sh", "-c", script, cwd="/").stdout)

    assert who("nobody") == "65534\n65534\n65534\n/nonexistent\n"
    assert who("12345") == "12345\n12345\n12345\n/\n"
    assert who("12345:daemon").splitlines()[:2] == ["12345", "1"]
    assert who("0").splitlines()[:2] == ["0", "0"]
    for wrong in ("nobody-else", "nobody:nosuch"):
        done = cli("run", *contain, "-u", wrong, "--", "true")
        assert done.returncode == 125
        assert "write one that is, or a number" in one_error_line(done.stderr)
    script = "echo x >/dev/stdout; grep CapEff /proc/self/status"
    done = cli("run", *contain, "-u", "nobody", "-w", "/", "--", "sh", "-c", script)
    capabilities = 0 if contain else 0x3400  # over the network, as without a user
    assert done.stdout.splitlines() == ["x", f"CapEff:\t{capabilities:016x}"]


@pytest.mark.skipif(not IS_ROOT, reason="an ordinary user is nobody else")
def test_the_api_takes_a_user_as_subprocess_does(a: sandbox.Node) -> None:
    script = ["sh", "-c", "id -un; echo $HOME"]
    assert a.run(script, user="nobody", capture_output=True, text=True).stdout == "nobody\n/nonexistent\n"
    done = a.run(script, user=12345, env={"HOME": "/tmp", "PATH": os.environ["PATH"]}, capture_output=True, text=True)
    assert done.stdout == "12345\n/tmp\n"
    with pytest.raises(sandbox.NotAllowed, match="user 'nosuch' is not in the /etc/passwd here"):
        a.run(script, user="nosuch")


@pytest.mark.skipif(IS_ROOT, reason="root may be anybody")
@pytest.mark.parametrize("contain", [(), ("--contain",)])
def test_an_ordinary_user_is_nobody_else(cli: Cli, contain: tuple[str, ...]) -> None:
    assert cli("run", *contain, "-u", str(os.getuid()), "--", "id", "-u").stdout == f"{os.getuid()}\n"
    done = cli("run", *contain, "-u", "12345", "--", "true")
    assert done.returncode == 125
    assert "only root can be another" in one_error_line(done.stderr)


# --- refusals


@pytest.mark.parametrize(
    ("words", "status_", "said"),
    [
        (("--bind", "nosuch"), 2, "No such file or directory"),
        (("--bind", "/etc:etc"), 2, "no absolute path inside"),
        (("--bind", "/etc:/nosuch/place"), 2, "neither there nor below a directory that can be written"),
        (("--bind", "/etc:/etc/passwd"), 2, "choose another place"),
        (("--bind", "/etc:/dev/place"), 2, "neither there"),
        (("--rootfs", "/etc/passwd"), 2, "Not a directory"),
        (("--rootfs", "/nosuch"), 2, "No such file"),
        (("--rootfs", "."), 2, "an empty directory"),
        (("--tmp-size", "lots"), 2, "not a size"),
        (("--cap-add", "NET_RW"), 2, "did you mean NET_RAW?"),
    ],
)
def test_what_cannot_be_is_refused_on_one_line(cli: Cli, words: tuple[str, ...], status_: int, said: str) -> None:
    done = cli("run", "--contain", *words, "--", "true")
    assert done.returncode == status_
    assert said in one_error_line(done.stderr)
    assert " - " in done.stderr


@usr_is_all
def test_a_root_without_programs_has_none(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "root" / "etc").mkdir(parents=True)
    done = cli("run", "--contain", "--rootfs", "root", "--", "sh")
    assert done.returncode == 127
    assert "'sh': No such file or directory" in one_error_line(done.stderr)


def test_a_source_that_goes_away_meanwhile_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with sandbox.Lab(sandbox.Topology.alone(), contain=Containment(bind=[(tmp_path / "data", "/tmp/a")])) as lab:
        (tmp_path / "data").rmdir()
        with pytest.raises(sandbox.StepFailed, match=r"cannot open .*/data for 'true': No such file or directory"):
            lab.nodes[0].run(["true"])


def test_what_forbids_a_container_is_said(cli: Cli) -> None:
    limits = 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"'
    before = ("unshare", "-Urm", "sh", "-c", limits, "sh")
    assert cli("run", "--", "true", before=before).returncode == 0
    done = cli("run", "--contain", "--", "true", before=before)
    assert done.returncode == 125
    assert "max_user_namespaces is 0" in one_error_line(done.stderr)


def test_the_interpreter_of_a_home_does_not_matter(cli: Cli) -> None:
    """All of ours is loaded before: wherever it is installed, inside that may be hidden."""
    root = str(Path(sandbox.__file__).parents[1])
    places = {os.path.dirname(root), os.path.dirname(os.path.realpath(sys.executable))}
    hidden = [word for place in sorted(places) if not place.startswith("/usr") for word in ("--tmpfs", place)]
    done = cli("run", "--contain", *hidden, "--", "echo", "x")
    assert (done.stdout, done.stderr) == ("x\n", "")
