"""The words of `sandbox run` and `sandbox explain`, as a request or as a refusal."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reliability.refusals import (
    CONTRADICTIONS,
    EMPTY_COMMAND,
    HALF_A_PAIR,
    LAN,
    MISCOUNTED,
    NO_COMMAND,
    NO_SUCH_NODE,
    NOT_AN_OPTION,
    PAIR,
    SENSELESS,
    TYPOS,
    UNKNOWN_OPTIONS,
)
from sandbox import topologies
from sandbox.cli.arguments import DECLARATIONS, USAGE, RunRequest, parse
from sandbox.cli.requests import EXPLAIN_USAGE, ExplainRequest, parse_explain, parse_up
from sandbox.errors import RequestError
from sandbox.topology import Topology
from sandbox.topology.draft import Draft
from sandbox.values import replace

A_AND_B = Topology.parse([PAIR[1:]])
CHAIN = Topology.parse([("a:10.0.1.1", "b:10.0.1.2"), ("b:10.0.2.1", "c:10.0.2.2")])


def refusal(*words: str) -> str:
    """The one line with which the words are refused."""
    with pytest.raises(RequestError) as caught:
        parse(words)
    said = str(caught.value)
    assert " - " in said
    assert said.isprintable()
    return said


@pytest.mark.parametrize(
    ("words", "request_"),
    [
        (["--", "true"], RunRequest(Topology.alone(), (("true",),))),
        ([*PAIR, "--", "true"], RunRequest(A_AND_B, (("true",), ("true",)))),
        (["--pair=a:10.0.0.1", "b:10.0.0.2", "--", "true"], RunRequest(A_AND_B, (("true",), ("true",)))),
        ([*PAIR, "--", "x", "1", ":::", "y"], RunRequest(A_AND_B, (("x", "1"), ("y",)))),
        ([*PAIR, "--", "x", "--", "--pair"], RunRequest(A_AND_B, (("x", "--", "--pair"),) * 2)),
        ([*PAIR, "--", "x", "--help"], RunRequest(A_AND_B, (("x", "--help"),) * 2)),
        ([*PAIR, "--", "x", ""], RunRequest(A_AND_B, (("x", ""),) * 2)),
        ([*PAIR, "-i", "b", "--", "x"], RunRequest(A_AND_B, (("x",),) * 2, stdin="b")),
        ([*PAIR, "--stdin=b", "--", "x"], RunRequest(A_AND_B, (("x",),) * 2, stdin="b")),
        ([*PAIR, "--until", "a", "--", "x"], RunRequest(A_AND_B, (("x",),) * 2, until="a")),
        (["--until=a", *PAIR, "--", "x"], RunRequest(A_AND_B, (("x",),) * 2, until="a")),
        (["--router", "sandbox", "--", "x"], RunRequest(replace(Topology.alone(), routers=("sandbox",)), (("x",),))),
        (["--as-root", "--", "x"], RunRequest(Topology.alone(), (("x",),), as_root=True)),
        (["--raw", "--", "x"], RunRequest(Topology.alone(), (("x",),), raw=True)),
        (["--json", "--", "x"], RunRequest(Topology.alone(), (("x",),), json=True)),
        (["-q", "--", "x"], RunRequest(Topology.alone(), (("x",),), quiet=True)),
        (["--quiet", "--quiet", "--", "x"], RunRequest(Topology.alone(), (("x",),), quiet=True)),
        (["-v", "--", "x"], RunRequest(Topology.alone(), (("x",),), verbose=True)),
        (["--verbose", "--", "x"], RunRequest(Topology.alone(), (("x",),), verbose=True)),
        (
            ["--pair", "a:10.0.1.1", "b:10.0.1.2", "-q", "--pair", "b:10.0.2.1", "c:10.0.2.2", "--", "x"],
            RunRequest(CHAIN, (("x",),) * 3, quiet=True),
        ),
    ],
)
def test_words_become_a_request(words: list[str], request_: RunRequest) -> None:
    assert parse(words) == request_


def test_a_topology_is_named_by_its_shape_and_added_to() -> None:
    def topology(*words: str) -> Topology:
        request = parse([*words, "--", "x"])
        assert request
        return request.topology

    assert topology("--topology", "tree:2,3") == topologies.tree(2, 3)
    assert topology("--topology=ring:3,fd00::/48") == topologies.ring(3, subnet="fd00::/48")
    larger = topology("--topology", "star:2", "--node", "x", "--alias", "h1:www", "--no-routes", "--router", "h2")
    assert larger.nodes == ("h1", "h2", "x")
    assert str(larger.links[-1]) == "x:10.0.0.3/8 s1"
    assert larger.aliases == (("www", "h1"),)
    assert larger.routers == ("h2",)
    assert not larger.static_routes


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--topology",), "--topology wants a shape with its numbers, such as tree:2,3"),
        (("--topology", "treee:2,3"), "did you mean tree?"),
        (("--topology", "tree:2"), "write tree:DEPTH,FANOUT[,SUBNET]"),
        (("--topolgy", "tree:2,3"), "did you mean --topology?"),
        (("--topology", "ring:3", "--topology", "star:3"), "--topology twice"),
        (("--topology", "star:3", "--switch", "s1"), "a switch twice"),
        (("--topology", "star:3", "--pair", "h1:10.0.0.1", "x:10.0.0.9"), "the same address twice"),
    ],
)
def test_a_topology_that_makes_no_sense_is_refused(words: tuple[str, ...], said: str) -> None:
    assert said in refusal(*words, "--", "x")


@pytest.mark.parametrize(
    "words", [["--help"], ["-h"], [*PAIR, "--help"], ["--pair", "-h"], ["--nonsense", "--help", "--", "x"]]
)
def test_help_is_recognised_before_anything_is_refused(words: list[str]) -> None:
    assert parse(words) is None
    assert parse_explain(words) is None


@pytest.mark.parametrize("words", NO_COMMAND)
def test_no_command_is_refused_with_the_usage(words: list[str]) -> None:
    said = refusal(*words)
    assert said.startswith("no command")
    assert USAGE in said


@pytest.mark.parametrize("command", EMPTY_COMMAND)
def test_an_empty_command_is_refused(command: list[str]) -> None:
    said = refusal(*PAIR, "--", *command)
    assert said.startswith("no command")
    assert "-- ping -c 1 192.168.1.2" in said


@pytest.mark.parametrize("words", HALF_A_PAIR)
def test_a_double_dash_or_an_option_is_not_swallowed_as_an_endpoint(words: list[str]) -> None:
    assert refusal(*words) == f"--pair wants two endpoints, NAME:ADDRESS each - {USAGE}"


@pytest.mark.parametrize("option", ["-i", "--stdin", "--until"])
@pytest.mark.parametrize("rest", [["--", "x"], [], ["--raw", "--", "x"]])
def test_an_option_that_wants_a_node_swallows_nothing_else(option: str, rest: list[str]) -> None:
    assert refusal(*PAIR, option, *rest) == f"{option} wants a name - {USAGE}"


@pytest.mark.parametrize(("typo", "meant"), TYPOS)
def test_a_typo_is_answered_with_what_was_meant(typo: str, meant: str) -> None:
    assert refusal(typo, *PAIR, "--", "x") == f"{typo!r}: no such option - did you mean {meant}?"


@pytest.mark.parametrize("option", UNKNOWN_OPTIONS)
def test_an_unknown_option_like_none_of_ours_is_answered_with_the_usage(option: str) -> None:
    said = refusal(option, "--", "x")
    assert f"{option!r}: no such option" in said
    assert USAGE in said


@pytest.mark.parametrize("words", NOT_AN_OPTION)
def test_a_word_that_is_no_option_is_answered_with_where_commands_stand(words: list[str]) -> None:
    said = refusal(*words)
    assert "not an option" in said
    assert USAGE in said
    assert "--" in said


@pytest.mark.parametrize(("words", "counts"), MISCOUNTED)
def test_commands_that_are_not_one_for_each_node_are_counted(words: list[str], counts: str) -> None:
    said = refusal(*words)
    assert said.startswith(counts)
    assert USAGE in said


@pytest.mark.parametrize("option", ["-i", "--until"])
@pytest.mark.parametrize("node", NO_SUCH_NODE)
def test_a_node_that_is_not_there_is_answered_with_those_that_are(option: str, node: str) -> None:
    assert refusal(*PAIR, option, node, "--", "x") == f"{option} {node!r}: no such node - the nodes are a, b"


@pytest.mark.parametrize("options", CONTRADICTIONS)
def test_options_that_contradict_each_other_are_refused(options: tuple[str, str]) -> None:
    assert "exclude each other" in refusal(*options, "--", "x")


def test_what_the_topology_refuses_is_refused_here_as_well() -> None:
    assert "not an IP address" in refusal("--pair", "a:nonsense", "b:10.0.0.2", "--", "x")


# --- declarations


def declared(*words: str) -> Topology:
    """The topology of the words, which is the same to both commands."""
    request, explained = parse([*words, "--", "x"]), parse_explain(words)
    assert request is not None
    assert explained is not None
    assert request.topology == explained.topology
    assert request.commands == (("x",),) * len(request.topology.places)
    return explained.topology


def drafted(*declarations: tuple[str, ...]) -> Topology:
    draft = Draft()
    for verb, *operands in (("switch", "lan:10.0.0.0/24"), ("node", "a"), ("node", "b"), *declarations):
        getattr(draft, verb)(*operands)
    return draft.topology()


@pytest.mark.parametrize(
    ("words", "declarations"),
    [
        ([], []),
        (["--node", "c:10.0.0.9"], [("node", "c:10.0.0.9")]),
        (["--node=c"], [("node", "c")]),
        (["--node=c:mac=02:00:00:00:00:01,mtu=1400"], [("node", "c:mac=02:00:00:00:00:01,mtu=1400")]),
        (["--switch=wan:mtu=1400"], [("switch", "wan:mtu=1400")]),
        (["--pair", "a:10.1.0.1", "b:10.1.0.2"], [("pair", "a:10.1.0.1", "b:10.1.0.2")]),
        (["--pair=a:10.1.0.1", "b:10.1.0.2"], [("pair", "a:10.1.0.1", "b:10.1.0.2")]),
        (["--switch", "wan", "--pair", "lan", "wan"], [("switch", "wan"), ("pair", "lan", "wan")]),
        (["--router", "a", "--router=b"], [("router", "a"), ("router", "b")]),
        (["--alias", "a:www", "--alias=b:db.example.com"], [("alias", "www", "a"), ("alias", "db.example.com", "b")]),
        (["--uplink", "a"], [("uplink", "a")]),
        (["--uplink=lan"], [("uplink", "lan")]),
        (["--publish", "8080:a:80"], [("publish", "8080:a:80")]),
        (["--publish=[::1]:53:b:53/udp"], [("publish", "[::1]:53:b:53/udp")]),
        (["-p", "8080:a:80", "-p=8081:b:80"], [("publish", "8080:a:80"), ("publish", "8081:b:80")]),
        (["--no-routes"], [("no_routes",)]),
        (["--no-routes", "--router", "a", "--no-routes"], [("router", "a"), ("no_routes",)]),
    ],
)
def test_every_declaration_is_understood(words: list[str], declarations: list[tuple[str, ...]]) -> None:
    assert declared(*LAN, *words) == drafted(*declarations)


def test_what_is_no_switch_s_node_may_be_said_before_it() -> None:
    words = ["--router", "a", "--alias", "a:www", "--no-routes", "-p", "80:a:80", "--uplink", "b"]
    assert declared(*words, *LAN) == declared(*LAN, *words)


def test_a_node_is_plugged_into_the_switch_declared_last() -> None:
    topology = declared(*LAN, "--switch", "wan:10.1.0.0/24", "--node", "b", "--node", "c")
    assert list(map(str, topology.links)) == [
        "a:10.0.0.1/24 lan",
        "b:10.0.0.2/24 lan",
        "b:10.1.0.1/24 wan",
        "c:10.1.0.2/24 wan",
    ]
    assert declared("--node", "c", *LAN).links == declared(*LAN).links, "before any: into none"


def test_options_may_stand_between_declarations() -> None:
    words = ["--switch", "lan:10.0.0.0/24", "-q", "--node", "a", "--until", "b", "--node", "b", "--", "x"]
    assert parse(words) == RunRequest(drafted(), (("x",),) * 2, quiet=True, until="b")


@pytest.mark.parametrize("option", [option for option, (count, _) in DECLARATIONS.items() if count])
@pytest.mark.parametrize("rest", [[], ["--", "x"], ["--node", "a"], ["-p", "80:a:80"], ["--no-routes"], ["-q"]])
def test_a_declaration_swallows_no_option(option: str, rest: list[str]) -> None:
    assert refusal(option, *rest) == f"{option} wants {DECLARATIONS[option][1]} - {USAGE}"
    short = {"--publish": "-p"}.get(option, option)
    assert refusal(short, *rest) == f"{option} wants {DECLARATIONS[option][1]} - {USAGE}"


@pytest.mark.parametrize("alias", ["", "a", "a:", ":a", ":", "www"])
def test_an_alias_is_a_node_and_its_other_name(alias: str) -> None:
    assert refusal(*LAN, "--alias", alias, "--", "x") == f"{alias!r}: not an alias - write NODE:ALIAS"


@pytest.mark.parametrize(("words", "what"), SENSELESS)
def test_what_makes_no_sense_is_refused(words: list[str], what: str) -> None:
    assert what in refusal(*LAN, *words, "--", "x")


def test_explain_reads_the_same_pairs() -> None:
    assert parse_explain(PAIR) == ExplainRequest(A_AND_B)
    assert parse_explain([]) == ExplainRequest(Topology.alone())
    assert parse_explain(["--sh", *PAIR]) == ExplainRequest(A_AND_B, sh=True)
    assert parse_explain([*PAIR, "--json"]) == ExplainRequest(A_AND_B, json=True)


@pytest.mark.parametrize("words", [["--sh", "--json"], ["--until", "a"], ["ping"], ["--pair", "a:10.0.0.1"], [""]])
def test_explain_refuses_with_its_own_usage(words: list[str]) -> None:
    with pytest.raises(RequestError, match=r"usage: sandbox explain") as caught:
        parse_explain(words)
    assert EXPLAIN_USAGE in str(caught.value)


WORDS = st.one_of(
    st.sampled_from([*PAIR, "--", ":::", "-i", "a", "--until", "--raw", "--json", "-q", "-v", "--pair=x", "-h", ""]),
    st.sampled_from([*DECLARATIONS, "-p", "lan", "lan:10.0.0.0/24", "a:mtu=1400", "a:www", "80:a:80", "--node=a"]),
    st.text(st.characters(codec=None, exclude_categories=(), exclude_characters="\0")),
)


@given(st.lists(WORDS))
def test_any_words_are_a_request_or_refused_on_one_line(words: list[str]) -> None:
    for read in (parse, parse_explain):
        said = "accepted - and nothing to say"
        try:
            read(words)
        except RequestError as error:
            said = str(error)
        assert " - " in said
        assert said.isprintable()


@given(st.lists(st.text(min_size=1).filter(lambda word: word != ":::" and "\0" not in word), min_size=1))
def test_what_stands_after_the_double_dash_is_the_command_as_it_is(command: list[str]) -> None:
    assert parse([*PAIR, "--", *command]) == RunRequest(A_AND_B, (tuple(command),) * 2)


def test_the_gateway_of_a_switch_runs_no_command() -> None:
    request = parse(["--switch", "lan:10.0.0.0/24", "--node", "a", "--node", "b", "--uplink", "lan", "--", "x"])
    assert request
    assert request.topology.nodes == ("a", "b", "lan-gateway")
    assert request.topology.places == ("a", "b")
    assert request.commands == (("x",), ("x",))
    assert "no command there" in refusal(
        "--switch", "lan:10.0.0.0/24", "--node", "a", "--uplink", "lan", "--until", "lan-gateway", "--", "x"
    )


def test_a_node_with_an_uplink_of_its_own_runs_its_command() -> None:
    request = parse(["--node", "a", "--uplink", "a", "--", "x"])
    assert request
    assert request.topology.places == ("a",)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["--node", "a"], "lab"),
        (["Office-2.toml"], "office-2"),
        (["my lab.toml"], "lab"),
        (["Office-2.toml", "--name", "x"], "x"),
    ],
)
def test_a_lab_is_called_as_its_file_unless_it_has_a_name(
    words: list[str], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if words[0].endswith(".toml"):
        Path(words[0]).write_text("[nodes.a]\n")
    request = parse_up(words)
    assert request
    assert request.name == name
