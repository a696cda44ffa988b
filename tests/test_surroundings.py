"""What the command line says of containers, and of what is around commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.cli.arguments import RunRequest, parse
from sandbox.cli.execute import ExecRequest, parse_exec
from sandbox.cli.export import dump
from sandbox.cli.requests import parse_explain, parse_export, parse_up
from sandbox.cli.surroundings import OF_CONTAINERS
from sandbox.containment import Containment
from sandbox.explain import as_records, explain, script
from sandbox.lab.setting import Setting
from sandbox.topology import Topology

from .refusal import refusal

PAIR = ("--pair", "a:10.0.0.1", "b:10.0.0.2")


def run(*words: str) -> RunRequest:
    request = parse([*words, "--", "x"])
    assert request
    return request


def containment(*words: str) -> Containment | None:
    return run(*words).topology.containment


def setting(*words: str) -> Setting | None:
    return run(*words).setting


def test_containers_are_what_the_options_say() -> None:
    assert containment() is None
    assert containment("--contain") == containment("--contain", "--contain", *PAIR) == Containment()
    assert containment(
        *("--bind", "a", "--contain", "--bind=/b:/c", "--ro-bind", "/d", "--tmpfs", "/t:1M", "--rootfs", "r"),
        *("--tmp-size", "2M", "--cap-add", "CHOWN", "--cap-add=net_raw", "--no-seccomp"),
    ) == Containment(
        bind=["a", "/b:/c"],
        ro_bind=["/d"],
        tmpfs=["/t:1M"],
        rootfs="r",
        tmp_size="2M",
        cap_add=["chown", "net_raw"],
        seccomp=False,
    )
    assert run("--contain", *PAIR).topology.links == Topology.parse([PAIR[1:]]).links
    assert containment("--contain", "--switch", "lan:10.0.0.0/24", "--node", "a") == Containment()


def test_a_file_says_it_and_options_go_over_it(tmp_path: Path) -> None:
    file = tmp_path / "lab.toml"
    file.write_text("[contain]\nbind = '/a'\ntmp_size = '1M'\nrootfs = 'r'\n[nodes.a]\n")
    assert containment(str(file)) == Containment(bind="/a", tmp_size="1M", rootfs="r")
    more = containment(str(file), "--bind", "/b", "--tmp-size=2M", "--rootfs-rw", "s")
    assert more == Containment(bind=["/a", "/b"], tmp_size="2M", rootfs_rw="s")


@pytest.mark.parametrize("option", [option for option in OF_CONTAINERS if option != "--contain"])
def test_without_a_container_nothing_can_be_said_of_it(option: str) -> None:
    operands = ["/x"] * OF_CONTAINERS[option][0]
    assert refusal(run, option, *operands) == f"{option}: of a container, and there is none - write --contain as well"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--bind"], "--bind wants what to bind, SRC[:DST]"),
        (["--bind", "--tmpfs", "/x"], "--bind wants what to bind"),
        (["--bind", "/a:b"], "no absolute path inside"),
        (["--cap-add", "net_rw"], "did you mean NET_RAW?"),
        (["--tmp-size", "some"], "not a size"),
        (["--rootfs", "a", "--rootfs-rw", "b"], "there is one root"),
        (["--rootfz", "a"], "did you mean --rootfs?"),
        (["--seccomp"], "did you mean --no-seccomp?"),
    ],
)
def test_what_makes_no_sense_of_a_container_is_refused(words: list[str], said: str) -> None:
    assert said in refusal(run, "--contain", *words)


@pytest.mark.parametrize("read", [parse_explain, parse_up])
def test_others_that_declare_a_topology_take_it_as_well(read: Callable[[list[str]], object]) -> None:
    request = read(["--contain", "--tmpfs", "/x"])
    assert request.topology.containment == Containment(tmpfs="/x")  # type: ignore[attr-defined]


def test_what_is_printed_of_a_lab_says_that_there_are_containers() -> None:
    topology = run("--contain", *PAIR).topology
    for text in (explain(topology), script(topology)):
        assert text.rstrip().splitlines()[-1].startswith("# commands run in a container for each node")
        assert "container" not in text.rpartition("\n# commands")[0]
    assert as_records(topology)[-1]["step"] == "Contain"
    assert not any(record["step"] == "Contain" for record in as_records(run(*PAIR).topology))
    request = parse_export(["--contain", "--tmpfs", "/x"])
    assert request
    assert Topology.loads(request.topology.dump()) == request.topology


# --- a directory, variables, a user


def test_variables_are_written_as_for_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OURS", "from here")
    monkeypatch.delenv("NOBODYS", raising=False)
    assert setting() is None
    said = setting("-e", "A=1", "--env", "B=x=y", "--env=C=", "-e=OURS", "-e", "NOBODYS")
    assert said == Setting({"A": "1", "B": "x=y", "C": "", "OURS": "from here"})
    file = tmp_path / "env"
    file.write_bytes(b"\xef\xbb\xbf# comment\n\n  A=file\nB='quoted' # not a comment \r\nOURS\nNOBODYS\n \t\nD= x\n")
    assert setting("-e", "A=1", "--env-file", str(file)) == Setting(
        {"A": "1", "B": "'quoted' # not a comment ", "OURS": "from here", "D": " x"}
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"A=1\n=2\n", ", line 2: no variable"),
        (b"A B=1\n", ", line 1: a space in the name 'A B'"),
        (b"A\tB\n", ", line 1: a space in the name"),
        (b"A=\0\n", ", line 1: no variable"),
        (b"A=\xff\n", ": no UTF-8"),
    ],
)
def test_a_file_of_variables_that_is_none_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "env"
    file.write_bytes(content)
    assert f"--env-file {str(file)!r}{said}" in refusal(run, "--env-file", str(file))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-e", "=x"], "--env '=x': no variable - write NAME=VALUE"),
        (["-e", ""], "--env '': no variable"),
        (["-e"], "--env wants a variable"),
        (["--env-file", "/nosuch"], "--env-file '/nosuch': No such file or directory"),
        (["--env-file", "/"], "--env-file '/': Is a directory"),
        (["--workdir", ""], "--workdir '': nothing - write a directory"),
        (["-w"], "--workdir wants a directory"),
        (["--user", ""], "--user '': nothing - write a user"),
        (["--usr", "x"], "did you mean --user?"),
    ],
)
def test_what_makes_no_sense_of_commands_is_refused(words: list[str], said: str) -> None:
    assert said in refusal(run, *words)


def test_the_rest_is_read_as_well() -> None:
    assert setting("-w", "/srv", "-u", "nobody", "--clear-env") == Setting({}, True, "/srv", "nobody")
    up = parse_up(["-d", "-e", "A=1"])
    assert up
    assert up.setting == Setting({"A": "1"})


def test_a_lab_file_says_variables_and_the_directory() -> None:
    request = run(*PAIR, "-e", "A=1", "-w", "/srv")
    (service, _) = Topology.loads(dump(request.topology, request.commands, request.setting)).services
    assert (dict(service.environment), service.cwd) == ({"A": "1"}, "/srv")
    said = refusal(dump, request.topology, request.commands, Setting(user="nobody"))
    assert "not for a lab file to say" in said


def test_exec_takes_them_before_and_behind_the_node() -> None:
    def execute(*words: str) -> ExecRequest:
        request = parse_exec(words)
        assert request
        return request

    plain = execute("x/a", "--", "ls", "-l")
    assert (str(plain.target), plain.argv, plain.setting) == ("x/a", ("ls", "-l"), Setting())
    assert execute("x/a", "ls", "-l") == plain
    expected = Setting({"A": "1"}, False, "/tmp")
    assert execute("-e", "A=1", "--workdir=/tmp", "x/a", "--", "ls").setting == expected
    assert execute("x/a", "-e", "A=1", "-w", "/tmp", "--", "ls").setting == expected
    assert execute("x/a", "-e", "A=1", "-w", "/tmp", "ls", "-e", "B=1").argv == ("ls", "-e", "B=1")
    assert parse_exec(["x/a", "--help"]) is parse_exec(["-h"]) is None
    for words in (["x/a"], ["x/a", "--"], ["--", "ls"], [], ["-e"], ["x/a", "-e", "--", "ls"], ["-z", "x/a", "ls"]):
        assert "usage: sandbox exec" in refusal(parse_exec, words)
