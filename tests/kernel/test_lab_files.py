"""Labs from files: real servers, awaited in each way that there is, and clients that need them at once."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

import sandbox
from reliability.census import wait_for

from .conftest import Cli, one_error_line

# Takes its time to listen; tells of each connection, and of what it was told.
SERVER = """
import socket, sys, time
family, port = sys.argv[1:]
time.sleep(0.3)
server = socket.create_server(("", int(port)), family=getattr(socket, family))
print("listening", flush=True)
while True:
    connection, (address, *_) = server.accept()
    print("from", address, connection.recv(99).decode(), flush=True)
    connection.sendall(b"welcome")
    connection.close()
"""
# Has one try.
CLIENT = """
import socket, sys
with socket.create_connection((sys.argv[1], 80), timeout=5) as server:
    server.sendall(b"hello")
    print(server.recv(99).decode())
"""
DATAGRAMS = """
import socket, time
time.sleep(0.3)
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("", 53))
server.sendto(*reversed(server.recvfrom(99)[::-1]))
"""
READY = {
    "port": "{ port = 80 }",
    "log": '{ log = "listen" }',
    "command": f"{{ command = {json.dumps([sys.executable, '-c', CLIENT, 'web'])} }}",
}


def python(script: str, *words: str) -> str:
    """A command for a lab file."""
    return json.dumps([sys.executable, "-c", script, *words])


def lab(tmp_path: Path, *, ready: str, server: str = SERVER, client: str = "") -> str:
    """The path of a lab of a server on port 80 and a client that depends on it."""
    path = tmp_path / "lab.toml"
    path.write_text(f"""
        [switches.lan]
        subnets = ["10.0.0.0/24"]

        [nodes.web]
        on = "lan"
        command = {python(server, "AF_INET", "80")}
        ready = {ready}

        [nodes.client]
        on = "lan:10.0.0.9"
        depends_on = ["web"]
        command = {client or python(CLIENT, "web")}

        [nodes.idle]
        on = "lan"
    """)
    return str(path)


@pytest.mark.parametrize("ready", READY.values(), ids=READY)
def test_a_client_starts_once_its_server_can_be_used(cli: Cli, tmp_path: Path, ready: str) -> None:
    done = cli("run", lab(tmp_path, ready=ready), "--until", "client")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert "client | welcome" in lines
    assert "web    | listening" in lines


def test_nobody_knocks_at_a_port_that_is_awaited(cli: Cli, tmp_path: Path) -> None:
    done = cli("run", lab(tmp_path, ready=READY["port"]), "--until", "client")
    told = [line for line in done.stdout.splitlines() if "from" in line]
    assert told == ["web    | from 10.0.0.9 hello"]


@pytest.mark.parametrize(("script", "words"), [(SERVER, ("AF_INET6", "80")), (DATAGRAMS, ())], ids=["v6", "udp"])
def test_a_port_of_ipv6_alone_or_of_udp_is_a_port(
    cli: Cli, tmp_path: Path, script: str, words: tuple[str, ...]
) -> None:
    path = tmp_path / "lab.toml"
    path.write_text(f"""
        [nodes.a]
        command = {python(script, *words)}
        ready = {{ port = {80 if words else 53} }}
        [nodes.b]
        command = "echo begun"
        depends_on = "a"
    """)
    done = cli("run", str(path), "--until", "b")
    assert done.returncode == 0, done.stderr
    assert "b | begun" in done.stdout


def test_one_that_is_not_ready_in_time_ends_the_lab(cli: Cli, tmp_path: Path) -> None:
    done = cli("run", lab(tmp_path, ready="{ port = 81, timeout = 0.5 }"))
    assert done.returncode == 125
    assert "'web': not ready within 0.5 s" in one_error_line(done.stderr)
    assert "port 81" in done.stderr
    assert done.stdout == "web    | listening\n"


def test_a_check_that_never_succeeds_ends_the_lab_even_if_it_hangs(cli: Cli, tmp_path: Path) -> None:
    for command in ("false", "sleep 99"):
        done = cli("run", lab(tmp_path, ready=f'{{ command = "{command}", timeout = 0.5 }}'))
        assert done.returncode == 125
        assert command in one_error_line(done.stderr)


@pytest.mark.parametrize("ready", READY.values(), ids=READY)
def test_one_that_ends_before_it_is_ready_ends_the_lab_with_its_status(cli: Cli, tmp_path: Path, ready: str) -> None:
    path = lab(tmp_path, ready=ready, server="print('no such file'); raise SystemExit(3)", client='"touch begun"')
    done = cli("run", path)
    assert done.returncode == 3
    said = [line for line in done.stderr.splitlines() if line.startswith("sandbox: error")]
    assert len(said) == 1
    assert "'web': ended with 3 before it was ready" in said[0]
    assert "web    | no such file\n" in done.stdout
    assert not (tmp_path / "begun").exists()


def test_what_it_printed_last_makes_it_ready(cli: Cli, tmp_path: Path) -> None:
    done = cli(
        "run", lab(tmp_path, ready='{ log = "done" }', server="print('x' * 60_000 + 'done')", client='"echo begun"')
    )
    assert done.returncode == 0, done.stderr
    assert "client | begun" in done.stdout


def test_a_command_that_cannot_be_executed_stops_all_before_any_begins(cli: Cli, tmp_path: Path) -> None:
    server = "open('begun', 'w')"
    done = cli("run", lab(tmp_path, ready=READY["port"], server=server, client='["no-such-program"]'))
    assert done.returncode == 127
    assert "no-such-program" in one_error_line(done.stderr)
    assert not (tmp_path / "begun").exists()


def test_a_command_on_the_line_replaces_those_of_the_file(cli: Cli, tmp_path: Path) -> None:
    done = cli("run", lab(tmp_path, ready=READY["port"]), "--", "sh", "-c", "echo $SANDBOX_IP")
    assert done.returncode == 0
    assert sorted(done.stdout.splitlines()) == ["client | 10.0.0.9", "idle   | 10.0.0.2", "web    | 10.0.0.1"]


def test_flags_go_on_where_the_file_ends(cli: Cli, tmp_path: Path) -> None:
    done = cli("run", lab(tmp_path, ready=READY["port"]), "--node", "more", "--", "sh", "-c", "echo $SANDBOX_IP")
    assert "more   | 10.0.0.3" in done.stdout


def test_a_service_has_its_environment_its_directory_and_what_every_node_has(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    path = tmp_path / "lab.toml"
    path.write_text("""
        [nodes.a]
        command = "echo $GREETING $SANDBOX_NAME $INHERITED; pwd"
        cwd = "inner"
        environment = { GREETING = "hello" }
    """)
    done = cli("run", str(path), env={**cli.environment, "INHERITED": "yes"})
    assert (done.returncode, done.stdout) == (0, f"hello a yes\n{tmp_path}/inner\n")


def test_the_first_that_failed_tells_the_status(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    path.write_text('[nodes]\na = { command = "exit 0" }\nb = { command = "exit 5", depends_on = "a" }')
    done = cli("run", str(path))
    assert (done.returncode, done.stderr) == (5, "sandbox: b exited with 5\n")
    done = cli("run", str(path), "--json")
    # b begins when a has begun: which of them ends first, nobody knows.
    ends = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(ends, key=lambda end: end["node"]) == [{"node": "a", "exit": 0}, {"node": "b", "exit": 5}]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_services_are_awaited_ends_those_that_wait_as_well(
    cli: Cli, tmp_path: Path, number: int
) -> None:
    running = cli.start("run", lab(tmp_path, ready="{ port = 81 }"))
    assert running.stdout
    assert running.stdout.readline() == "web    | listening\n"
    running.send_signal(number)
    assert running.wait(5) == 128 + number
    cli.await_nothing_left()


def test_a_killed_launcher_takes_services_that_run_and_that_wait_with_it(cli: Cli, tmp_path: Path) -> None:
    running = cli.start("run", lab(tmp_path, ready="{ port = 81 }"))
    assert running.stdout
    assert running.stdout.readline() == "web    | listening\n"
    running.kill()
    cli.await_nothing_left()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "none.toml"), "'none.toml': No such file or directory"),
        (("run", "lab.toml", "--until", "idle"), "--until 'idle': no command there"),
        (("run", "lab.toml", "-i", "x"), "-i 'x': no such node"),
        (("run", "lab.toml", "lab.toml"), "'lab.toml': not an option"),
        (("explain", "bad.toml"), "bad.toml: 'nodes.a.onn': no such key - did you mean on?"),
        (("export", "lab.toml", "--format", "tml"), "did you mean toml?"),
        (("export", "bad.toml"), "bad.toml: "),
        (("up", "bad.toml"), "bad.toml: "),
    ],
)
def test_what_cannot_be_met_is_refused_with_2(cli: Cli, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    lab(tmp_path, ready=READY["port"])
    (tmp_path / "bad.toml").write_text("[nodes.a]\nonn = 'lan'\n")
    done = cli(*words)
    assert done.returncode == 2
    assert said in one_error_line(done.stderr)


def test_a_file_without_commands_wants_one(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text("[nodes.a]\n")
    assert "no command" in one_error_line(cli("run", "lab.toml").stderr)
    assert cli("run", "lab.toml", "--", "true").returncode == 0


@pytest.mark.usefixtures("links_of_the_host")
def test_a_dumped_topology_runs_nothing_and_is_the_same_again(cli: Cli, tmp_path: Path) -> None:
    flags = ("--switch", "lan:10.0.0.0/24", "--node", "a", "--node", "b", "--router", "b", "--alias", "a:www")
    dumped = cli("run", *flags, "--dump-topology", "--", "touch", "begun")
    assert dumped.returncode == 0, dumped.stderr
    assert not (tmp_path / "begun").exists()
    (tmp_path / "lab.toml").write_text(dumped.stdout)
    assert cli("explain", "lab.toml", "--dump-topology").stdout == dumped.stdout
    assert cli("explain", "lab.toml").stdout == cli("explain", *flags).stdout
    assert cli("run", "lab.toml").returncode == 0
    assert (tmp_path / "begun").exists()


@pytest.mark.parametrize(
    ("form", "begins"),
    [
        ("toml", "[switches.lan]\n"),
        ("json", '{\n  "switches": {'),
        ("sh", "#!/bin/sh -eu\n"),
        ("compose", "services:\n  web:\n"),
        ("mermaid", "flowchart "),
        ("dot", "graph "),
        ("svg", "<svg "),
    ],
)
def test_a_lab_is_exported_in_each_format(cli: Cli, tmp_path: Path, form: str, begins: str) -> None:
    done = cli("export", lab(tmp_path, ready=READY["port"]), "--format", form)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(begins)
    assert done.stdout.endswith("\n")
    assert "idle" in done.stdout


def test_the_schema_is_what_the_docs_have(cli: Cli) -> None:
    done = cli("export", "--format", "schema")
    assert done.stdout == (Path(__file__).parents[2] / "docs" / "lab.schema.json").read_text()


@pytest.mark.parametrize("ready", READY.values(), ids=READY)
def test_services_of_a_lab_in_python(tmp_path: Path, ready: str) -> None:
    topology = sandbox.Topology.load(lab(tmp_path, ready=ready))
    with sandbox.Lab(topology) as there:
        services = sandbox.start_services(there)
        assert list(services) == ["web", "client"]
        assert services["client"].wait(10) == 0
        assert services["web"].poll() is None
        wait_for(lambda: b"welcome" in b"".join(data for _, data in there.log("client")), within=5)


def test_a_service_that_fails_is_an_exception_in_python_and_its_log_is_there(tmp_path: Path) -> None:
    topology = sandbox.Topology.load(lab(tmp_path, ready=READY["log"], server="print('no'); raise SystemExit(3)"))
    with sandbox.Lab(topology) as there:
        with pytest.raises(sandbox.ServiceFailed, match="'web': ended with 3") as caught:
            sandbox.start_services(there)
        assert caught.value.exit_status == 3
        assert b"".join(data for _, data in there.log("web")) == b"no\n"


def test_up_waits_for_its_services_and_shows_why_one_failed(cli: Cli, tmp_path: Path) -> None:
    path = lab(tmp_path, ready=READY["log"], server="print('no such file'); raise SystemExit(3)")
    done = cli("up", path, "-d", "--name", f"t{cli.mark[:12]}")
    assert (done.returncode, done.stdout) == (3, "no such file\n")
    assert "'web': ended with 3 before it was ready" in one_error_line(done.stderr)
