"""Labs that stay: found by name, used from other programs, gone when they are taken down or their init is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import sandbox
from reliability.census import wait_for
from sandbox import messages
from sandbox.command import Command
from sandbox.lab import kept

from .conftest import PAIR, Cli, one_error_line

SWITCH = ("--switch", "lan:10.0.0.0/24", "--node", "a", "--node", "b")


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for the sockets of this test alone."""
    directory = tmp_path / "r"
    directory.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(directory))
    return directory


@pytest.fixture
def cli(cli: Cli, runtime: Path) -> Iterator[Cli]:
    """The command line; every lab that it left up is taken down."""
    cli.environment["XDG_RUNTIME_DIR"] = str(runtime)
    yield cli
    for name in kept.names():
        cli("down", name)


@pytest.fixture
def x(cli: Cli) -> str:
    """The name of a lab that is up: a and b on a switch."""
    done = cli("up", "-d", "--name", "x", *SWITCH)
    assert (done.returncode, done.stdout, done.stderr) == (0, "x\n", "")
    return "x"


def listed(cli: Cli) -> list[str]:
    return [each["lab"] for each in json.loads(cli("ps", "--json").stdout)]


def init_of(name: str) -> psutil.Process:
    with sandbox.connect(name) as lab:
        return psutil.Process(lab.init_pid)


# --- from up to down


def test_a_lab_stays_is_used_and_is_taken_down(cli: Cli, x: str, runtime: Path) -> None:
    assert listed(cli) == ["x"]
    assert [entry.name for entry in (runtime / "sandbox").iterdir()] == ["x.sock"]
    assert (runtime / "sandbox").stat().st_mode & 0o777 == 0o700
    done = cli("exec", "x/a", "--", "ping", "-c", "1", "-W", "2", "b")
    assert done.returncode == 0, done.stdout + done.stderr
    assert cli("down", x).returncode == 0
    assert listed(cli) == []
    assert list(runtime.iterdir()) == []
    cli.await_nothing_left()


@pytest.mark.usefixtures("links_of_the_host")
def test_the_host_hears_nothing_of_its_links(cli: Cli, x: str) -> None:
    cli("link", x, "a:10.9.0.1", "b:10.9.0.2")
    cli("down", x)


def test_it_outlives_the_terminal_it_came_from(cli: Cli) -> None:
    before = ("setsid", "--wait", "sh", "-c", '"$@"; kill -HUP 0', "sh")
    cli("up", "-d", "--name", "x", *SWITCH, before=before)
    assert cli("exec", "x/b", "--", "true").returncode == 0


def test_init_killed_leaves_nothing_and_its_name_is_free(cli: Cli, x: str, runtime: Path) -> None:
    process = cli.start("exec", "x/a", "--", "sh", "-c", "echo begun; sleep 99")
    assert process.stdout
    assert process.stdout.readline() == "begun\n"
    init = init_of(x)
    init.kill()
    wait_for(lambda: not init.is_running() or init.status() == psutil.STATUS_ZOMBIE, within=2)
    wait_for(lambda: not cli.processes(), within=1, what="everything ends with init")
    assert (runtime / "sandbox" / "x.sock").exists(), "nobody was left to take it away"
    assert listed(cli) == []
    assert not (runtime / "sandbox" / "x.sock").exists()
    assert cli("up", "-d", "--name", "x", *SWITCH).returncode == 0


@pytest.mark.usefixtures("x")
def test_removing_the_socket_ends_the_lab(cli: Cli, runtime: Path) -> None:
    (runtime / "sandbox" / "x.sock").unlink()
    wait_for(lambda: not cli.processes(), within=1, what="a lab that nobody can reach ends")


def test_a_name_that_is_taken_is_refused_before_anything_is_built(cli: Cli, x: str) -> None:
    done = cli("up", "-d", "--name", x, *SWITCH)
    assert done.returncode == 2
    assert "'x': up already" in one_error_line(done.stderr)
    assert cli("exec", "x/a", "--", "true").returncode == 0


@pytest.mark.parametrize("name", ["X", "../x", "a/b", "", ".", "x" * 64])
def test_a_name_that_no_lab_can_have_is_refused(cli: Cli, name: str) -> None:
    done = cli("up", "-d", "--name", name, *SWITCH)
    assert done.returncode == 2
    one_error_line(done.stderr)
    assert cli.processes() == []


def test_in_the_foreground_it_ends_with_its_program(cli: Cli, runtime: Path) -> None:
    up = cli.start("up", "--name", "x", *SWITCH)
    wait_for(lambda: listed(cli) == ["x"], within=5, what="the lab is up")
    assert cli("exec", "x/a", "--", "true").returncode == 0
    up.send_signal(signal.SIGINT)
    assert up.wait(2) == 130
    assert list(runtime.iterdir()) == []
    cli.await_nothing_left()


def test_in_the_foreground_killed_it_leaves_nothing(cli: Cli, runtime: Path) -> None:
    up = cli.start("up", "--name", "x", *SWITCH)
    wait_for(lambda: listed(cli) == ["x"], within=5, what="the lab is up")
    up.kill()
    up.wait(2)
    cli.await_nothing_left()
    wait_for(lambda: not list(runtime.iterdir()), within=1, what="its socket is gone")


# --- who may come in


def test_a_directory_that_others_may_enter_is_refused(cli: Cli, runtime: Path) -> None:
    (runtime / "sandbox").mkdir(mode=0o755)
    done = cli("up", "-d", "--name", "x", *SWITCH)
    assert done.returncode == 125
    assert "not a directory of yours alone" in one_error_line(done.stderr)
    cli.await_nothing_left()


@pytest.mark.skipif(os.getuid() != 0, reason="it takes root to be somebody else")
def test_another_user_is_shown_the_door(x: str, runtime: Path) -> None:
    for directory in (*reversed(runtime.parents), runtime, runtime / "sandbox", runtime / "sandbox" / "x.sock"):
        if str(directory).startswith(str(runtime.parents[2])):
            directory.chmod(0o777)
    script = (
        "import os, socket, sys; os.setuid(65534); s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET);"
        "s.connect(sys.argv[1]); print(s.recv(100))"
    )
    socket_path = str(runtime / "sandbox" / f"{x}.sock")
    done = subprocess.run([sys.executable, "-c", script, socket_path], capture_output=True, text=True)
    assert done.stdout == "b''\n", done.stderr


def test_one_who_connects_and_says_nonsense_does_not_end_the_lab(cli: Cli, x: str, runtime: Path) -> None:
    for words in (b"", b"nonsense\0", b"ask=nonsense\0", b"arg=true\0", b"\xff\xfe"):
        client = messages.connect(str(runtime / "sandbox" / f"{x}.sock"))
        if words:
            client.send(words)
        client.close()
    assert cli("exec", "x/a", "--", "true").returncode == 0


# --- exec


def test_the_exit_status_is_the_commands_own(cli: Cli, x: str) -> None:
    assert cli("exec", f"{x}/a", "--", "sh", "-c", "exit 7").returncode == 7
    assert cli("exec", f"{x}/a", "--", "sh", "-c", "kill -9 $$").returncode == 137
    assert cli("exec", f"{x}/a", "--", "no-such-program").returncode == 127
    assert cli("exec", f"{x}/a", "true").returncode == 0, "as with docker, -- may be left out"


def test_input_and_output_pass_untouched(cli: Cli, x: str) -> None:
    done = cli("exec", f"{x}/a", "--", "sh", "-c", "cat; echo err >&2", input="in")
    assert (done.stdout, done.stderr) == ("in", "err\n")


def test_a_command_runs_where_and_as_what_it_was_asked_for(cli: Cli, x: str, tmp_path: Path) -> None:
    done = cli("exec", f"{x}/b", "--", "sh", "-c", "pwd; hostname; echo $SANDBOX_IP; id -u")
    assert done.stdout.splitlines() == [str(tmp_path), "b", "10.0.0.2", str(os.getuid())]


def test_a_command_ends_with_exec(cli: Cli, x: str) -> None:
    process = cli.start("exec", f"{x}/a", "--", "sh", "-c", "echo begun; sleep 998")
    assert process.stdout
    assert process.stdout.readline() == "begun\n"
    process.kill()
    wait_for(lambda: not [words for _, words in cli.processes() if "998" in words], within=1, what="it is killed")


def test_a_command_whose_lab_is_taken_down_was_killed(cli: Cli, x: str) -> None:
    process = cli.start("exec", f"{x}/a", "--", "sh", "-c", "echo begun; sleep 97")
    assert process.stdout
    assert process.stdout.readline() == "begun\n"
    assert cli("down", x).returncode == 0
    assert process.wait(3) == 137


def test_signals_reach_it(cli: Cli, x: str) -> None:
    script = "trap 'echo caught; exit 3' TERM; echo begun; while :; do sleep 0.02; done"
    process = cli.start("exec", f"{x}/a", "--", "sh", "-c", script)
    assert process.stdout
    assert process.stdout.readline() == "begun\n"
    process.terminate()
    assert (process.wait(3), process.stdout.read()) == (3, "caught\n")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("exec",), "wants a node"),
        (("exec", "x/a"), "no command"),
        (("exec", "x/a", "--"), "no command"),
        (("exec", "x", "--", "true"), "which node"),
        (("exec", "x/c", "--", "true"), "'c': no such node"),
        (("exec", "y/a", "--", "true"), "'y': no such lab"),
        (("exec", "/a", "--", "true"), "not a node"),
        (("exec", "--nonsense", "x/a", "--", "true"), "no such option"),
        (("inspect", "y"), "'y': no such lab"),
        (("down", "y"), "'y': no such lab"),
        (("logs", "x/a"), "'a': no service"),
        (("stop", "x/a"), "no service"),
        (("link", "x", "a:10.0.0.3", "c:10.0.0.4"), "'c'"),
        (("link", "x", "a:10.0.0.1", "b:10.0.0.9"), "10.0.0.1"),
        (("unlink", "x", "a", "b"), "no such link"),
        (("remove", "x", "c"), "'c': no such node"),
        (("remove", "x", "lan"), "'lan': no such node"),
        (("add", "x", "a"), "'a': there already"),
        (("add", "x", "c", "--switch", "wan"), "'wan': no such switch"),
        (("interface", "x/a", "eth7", "down"), "'eth7': no interface"),
        (("interface", "x/a", "eth0", "sideways"), "'sideways'"),
        (("attach", "x", "999999999"), "no such process"),
    ],
)
def test_what_cannot_be_is_refused_with_2(cli: Cli, x: str, words: tuple[str, ...], what: str) -> None:
    del x
    done = cli(*words)
    assert done.returncode == 2, done.stderr
    assert what in one_error_line(done.stderr)
    assert cli("exec", "x/a", "--", "ping", "-c1", "-W1", "b").returncode == 0


# --- from Python


def test_a_program_connects_and_lets_go(x: str) -> None:
    with sandbox.connect(x) as lab:
        assert [node.name for node in lab] == ["a", "b"]
        assert lab["a"].run(["ping", "-c", "1", "-W", "2", "b"], capture_output=True).returncode == 0
    assert lab.is_closed
    with sandbox.connect(x) as again:
        again.down()
    with pytest.raises(sandbox.RequestError, match="no such lab"):
        sandbox.connect(x)


def test_a_program_leaves_a_lab_behind(cli: Cli) -> None:
    cli.command = (sys.executable, "-c")
    script = (
        "import sandbox; lab = sandbox.Lab(sandbox.Topology.parse([('a:10.0.0.1', 'b:10.0.0.2')])); lab.detach('x')"
    )
    assert cli(script).returncode == 0
    with sandbox.connect("x") as lab:
        assert lab["b"].run(["ping", "-c", "1", "-W", "2", "a"], capture_output=True).returncode == 0
        lab.down()


def test_a_shared_lab_ends_with_its_owner() -> None:
    with sandbox.Lab(sandbox.Topology.parse([PAIR[1:]])) as lab:
        lab.share("x")
        with sandbox.connect("x") as guest:
            assert guest["a"].run(["true"]).returncode == 0
    assert kept.names() == []


def test_two_labs_of_the_same_making_live_side_by_side(cli: Cli) -> None:
    for name in ("x", "y"):
        assert cli("up", "-d", "--name", name, *SWITCH).returncode == 0
    assert listed(cli) == ["x", "y"]
    cli("exec", "x/a", "--", "ip", "link", "set", "eth0", "down")
    assert cli("exec", "y/a", "--", "ping", "-c", "1", "-W", "2", "b").returncode == 0
    assert cli("exec", "x/a", "--", "ping", "-c", "1", "-W", "1", "b").returncode != 0


# --- services


def serve(lab: sandbox.Lab, node: str, *argv: str) -> None:
    """Start `argv` as the service of a node, as `up` does."""
    environment = lab[node].environment()
    lab.start(Command(node=node, argv=argv, environment=environment, cwd="/", service=True), ()).begin()


@pytest.fixture
def served() -> Iterator[str]:
    """A lab x whose node a counts, and whose node b printed and ended."""
    lab = sandbox.Lab(sandbox.Topology.parse([PAIR[1:]]))
    serve(lab, "a", "sh", "-c", "trap 'echo stopped; exit 4' TERM; echo begun; while :; do sleep 0.02; done")
    serve(lab, "b", "sh", "-c", "echo out; echo err >&2; exit 3")
    lab.detach("x")
    yield "x"
    if "x" in kept.names():
        sandbox.connect("x").down()


def service(node: str) -> dict[str, object]:
    with sandbox.connect("x") as lab:
        return next(vars(each) for each in lab.services if each.node == node)


def test_what_services_printed_is_kept_with_its_stream(cli: Cli, served: str) -> None:
    wait_for(lambda: service("b")["returncode"] == 3, within=2, what="b ended")
    done = cli("logs", f"{served}/b")
    assert (done.stdout, done.stderr) == ("out\n", "err\n")
    wait_for(lambda: "begun" in cli("logs", served).stdout, within=2)
    done = cli("logs", served)
    assert sorted(done.stdout.splitlines()) == ["a | begun", "b | out"]
    assert done.stderr == "b | err\n"
    records = [json.loads(line) for line in cli("logs", f"{served}/b", "--json").stdout.splitlines()]
    assert sorted(records, key=str) == [
        {"node": "b", "stream": "stderr", "text": "err\n"},
        {"node": "b", "stream": "stdout", "text": "out\n"},
    ]


def test_a_log_is_followed_to_the_end_of_its_service(cli: Cli, served: str) -> None:
    following = cli.start("logs", "-f", f"{served}/a")
    assert following.stdout
    assert following.stdout.readline() == "begun\n"
    assert cli("stop", f"{served}/a").returncode == 0
    assert following.stdout.read() == "stopped\n"
    assert following.wait(2) == 0


def test_a_service_is_stopped_and_started_and_its_network_stays(cli: Cli, served: str) -> None:
    cli("exec", "x/a", "--", "ip", "link", "add", "mark", "type", "bridge")
    assert cli("stop", f"{served}/a").returncode == 0
    assert service("a")["returncode"] == 4
    assert cli("exec", "x/a", "--", "ip", "link", "show", "mark").returncode == 0
    assert cli("start", f"{served}/a").returncode == 0
    assert service("a")["returncode"] is None
    wait_for(lambda: cli("logs", "x/a").stdout.count("begun\n") == 2, within=2, what="the log goes on")
    assert cli("start", "x/a").returncode == 0, "it runs already, which is what was wanted"


def test_what_does_not_end_when_asked_to_is_killed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from sandbox.cli import labs

    monkeypatch.setattr(labs, "GRACE_S", 0.2)
    lab = sandbox.Lab(sandbox.Topology.alone("a"))
    serve(lab, "a", "sh", "-c", "trap '' TERM; echo begun; while :; do sleep 0.02; done")
    lab.detach("x")
    wait_for(lambda: "begun" in cli("logs", "x/a").stdout, within=2)
    labs.stop("x/a")
    assert service("a")["returncode"] == -9
    sandbox.connect("x").down()


def test_a_service_that_prints_without_end_costs_a_bounded_amount(cli: Cli) -> None:
    lab = sandbox.Lab(sandbox.Topology.alone("a"))
    serve(lab, "a", "sh", "-c", "head -c 50000000 /dev/zero | tr '\\0' 'x'; echo; echo end")
    lab.detach("x")
    wait_for(lambda: service("a")["returncode"] == 0, within=20, what="it has printed all")
    out = cli("logs", "x/a").stdout
    assert out.endswith("x\nend\n")
    assert len(out) <= 1 << 20
    with sandbox.connect("x") as seen:
        assert psutil.Process(seen.init_pid).memory_info().rss < 64 << 20
        seen.down()


def test_inspect_and_ps_tell_of_services(cli: Cli, served: str) -> None:
    wait_for(lambda: service("b")["returncode"] == 3, within=2, what="b ended")
    (record,) = json.loads(cli("ps", "--json").stdout)
    assert (record["services"], record["running"], record["nodes"]) == (2, 1, 2)
    inspected = json.loads(cli("inspect", served, "--json").stdout)
    assert [each["state"].split()[0] for each in inspected["services"]] == ["running", "ended"]
    assert inspected["nodes"][0]["interfaces"][0]["peer"] == "b:eth0"
    assert "ended" in cli("inspect", served).stdout


# --- stats


def test_stats_count_what_went_over_the_wires(cli: Cli, x: str) -> None:
    cli("exec", "x/a", "--", "ping", "-c", "3", "-i", "0.01", "-s", "1000", "b")
    records = json.loads(cli("stats", x, "--json", "--interval", "0.1").stdout)
    assert [(each["node"], each["interface"]) for each in records] == [("a", "eth0"), ("b", "eth0")]
    for each in records:
        assert each["rx_bytes"] >= 3000
        assert each["tx_packets"] >= 3
        assert each["state"] == "UP"
    assert "eth0" in cli("stats", x, "--interval", "0.1").stdout


# --- pictures


def test_a_lab_that_is_up_is_drawn_with_the_state_of_its_links(cli: Cli, x: str) -> None:
    cli("link", x, "a:10.9.0.1", "b:10.9.0.2")
    assert cli("draw", x).stdout.count("── veth ──") == 3
    cli("interface", "x/a", "eth1", "down")
    drawn = cli("draw", x).stdout
    assert drawn.count("── down ──") == 1
    assert "10.9.0.2/24" in drawn
    assert cli("draw", x, "--svg").stdout.startswith("<svg")


@pytest.mark.parametrize(("words", "what"), [(("draw", "y"), "no such lab"), (("draw", "x", *PAIR), "up, and more")])
def test_what_cannot_be_drawn_is_refused(cli: Cli, x: str, words: tuple[str, ...], what: str) -> None:
    del x
    done = cli(*words)
    assert done.returncode == 2
    assert what in one_error_line(done.stderr)


def test_everyone_in_it_is_pinged(cli: Cli, x: str) -> None:
    assert cli("ping", x).returncode == 0
    cli("interface", "x/a", "eth0", "down")
    done = cli("ping", x, "--json", "--timeout", "0.2")
    assert done.returncode == 1
    assert {each["seconds"] for each in json.loads(done.stdout)} == {None}


def test_the_path_of_the_socket_may_be_longer_than_a_sockets_name(cli: Cli, runtime: Path) -> None:
    deep = runtime / ("d" * 100)
    deep.mkdir(mode=0o700)
    cli.environment["XDG_RUNTIME_DIR"] = str(deep)
    assert cli("up", "-d", "--name", "x" * 63, *SWITCH).returncode == 0
    assert cli("exec", f"{'x' * 63}/a", "--", "true").returncode == 0
    assert cli("up", "-d", "--name", "x" * 63, *SWITCH).returncode == 2
    assert cli("down", "x" * 63).returncode == 0
    assert list(deep.iterdir()) == []


# --- networks that were there before


@pytest.mark.skipif(os.getuid() != 0, reason="the network of another user namespace is not ours to enter")
def test_a_process_is_attached_joined_and_let_go(cli: Cli, x: str) -> None:
    with subprocess.Popen(["unshare", "-n", "sh", "-c", "echo ready; exec sleep 99"], stdout=subprocess.PIPE) as box:
        assert box.stdout
        assert box.stdout.readline() == b"ready\n"
        done = cli("attach", x, str(box.pid), "box:10.9.0.1", "a:10.9.0.2", "--as", "box")
        assert (done.returncode, done.stdout) == (0, "box\n"), done.stderr
        assert cli("exec", "x/a", "--", "ping", "-c", "1", "-W", "2", "box").returncode == 0
        assert cli("remove", x, "box").returncode == 0
        devices = Path(f"/proc/{box.pid}/net/dev").read_text().splitlines()[2:]
        assert [line.split(":")[0].strip() for line in devices] == ["lo"]
        # A link that cannot be leaves no node behind.
        assert cli("attach", x, str(box.pid), "box:10.9.0.1", "nobody:10.9.0.2", "--as", "box").returncode == 2
        assert "box" not in cli("inspect", x).stdout
        box.kill()


@pytest.mark.skipif(os.getuid() == 0, reason="root may look everywhere")
def test_a_place_that_is_not_ours_is_named(cli: Cli, runtime: Path) -> None:
    runtime.chmod(0)
    done = cli("exec", "x/a", "--", "true")
    runtime.chmod(0o700)
    assert done.returncode == 125
    assert f"'{runtime}/sandbox/x.sock': Permission denied" in one_error_line(done.stderr)
