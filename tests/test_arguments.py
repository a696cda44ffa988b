"""The words of `sandbox run` and `sandbox explain`, as a request or as a refusal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import topologies
from sandbox.cli.arguments import EXPLAIN_USAGE, USAGE, ExplainRequest, RunRequest, parse, parse_explain
from sandbox.errors import RequestError
from sandbox.topology import Topology

PAIR = ("--pair", "a:10.0.0.1", "b:10.0.0.2")
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


@pytest.mark.parametrize("words", [[], ["--"], PAIR, [*PAIR, "--"], ["-q"]])
def test_no_command_is_refused_with_the_usage(words: list[str]) -> None:
    said = refusal(*words)
    assert said.startswith("no command")
    assert USAGE in said


@pytest.mark.parametrize("command", [[""], ["", "x"], [":::", "x"], ["x", ":::"], [":::"], ["x", ":::", "", "y"]])
def test_an_empty_command_is_refused(command: list[str]) -> None:
    said = refusal(*PAIR, "--", *command)
    assert said.startswith("no command")
    assert "-- ping -c 1 192.168.1.2" in said


@pytest.mark.parametrize(
    "words",
    [
        ["--pair", "a:10.0.0.1", "--", "x"],
        ["--pair", "--", "x"],
        ["--pair"],
        ["--pair", "a:10.0.0.1"],
        ["--pair=a:10.0.0.1", "--", "x"],
        ["--pair", "a:10.0.0.1", "--raw", "--", "x"],
        ["--pair", "--pair", "a:10.0.0.1", "--", "x"],
    ],
)
def test_a_double_dash_or_an_option_is_not_swallowed_as_an_endpoint(words: list[str]) -> None:
    assert refusal(*words) == f"--pair wants two endpoints, NAME:ADDRESS each - {USAGE}"


@pytest.mark.parametrize("option", ["-i", "--stdin", "--until"])
@pytest.mark.parametrize("rest", [["--", "x"], [], ["--raw", "--", "x"]])
def test_an_option_that_wants_a_node_swallows_nothing_else(option: str, rest: list[str]) -> None:
    assert refusal(*PAIR, option, *rest) == f"{option} wants a name - {USAGE}"


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("--piar", "--pair"),
        ("--pairs", "--pair"),
        ("--jsno", "--json"),
        ("--Raw", "--raw"),
        ("--untill", "--until"),
        ("--untill=a", "--until"),
        ("--as_root", "--as-root"),
        ("--hepl", "--help"),
        ("--raw=1", "--raw"),
        ("-verbose", "--verbose"),
    ],
)
def test_a_typo_is_answered_with_what_was_meant(typo: str, meant: str) -> None:
    assert refusal(typo, *PAIR, "--", "x") == f"{typo!r}: no such option - did you mean {meant}?"


@pytest.mark.parametrize("option", ["--memory", "--network-host", "-Z"])
def test_an_unknown_option_like_none_of_ours_is_answered_with_the_usage(option: str) -> None:
    said = refusal(option, "--", "x")
    assert f"{option!r}: no such option" in said
    assert USAGE in said


@pytest.mark.parametrize("words", [["ping"], [*PAIR, "ping", "b"], [*PAIR, "c:10.0.0.3", "--", "x"], [""]])
def test_a_word_that_is_no_option_is_answered_with_where_commands_stand(words: list[str]) -> None:
    said = refusal(*words)
    assert "not an option" in said
    assert USAGE in said
    assert "--" in said


@pytest.mark.parametrize(
    ("words", "counts"),
    [
        ([*PAIR, "--", "x", ":::", "y", ":::", "z"], "3 commands between ::: for 2 nodes (a, b)"),
        (["--", "x", ":::", "y"], "2 commands between ::: for 1 node (sandbox)"),
        (
            ["--pair", "a:10.0.1.1", "b:10.0.1.2", "--pair", "b:10.0.2.1", "c:10.0.2.2", "--", "x", ":::", "y"],
            "2 commands between ::: for 3 nodes (a, b, c)",
        ),
    ],
)
def test_commands_that_are_not_one_for_each_node_are_counted(words: list[str], counts: str) -> None:
    said = refusal(*words)
    assert said.startswith(counts)
    assert USAGE in said


@pytest.mark.parametrize("option", ["-i", "--until"])
@pytest.mark.parametrize("node", ["c", "", "a:10.0.0.1", "\x1b"])
def test_a_node_that_is_not_there_is_answered_with_those_that_are(option: str, node: str) -> None:
    assert refusal(*PAIR, option, node, "--", "x") == f"{option} {node!r}: no such node - the nodes are a, b"


@pytest.mark.parametrize("options", [("--raw", "--json"), ("--quiet", "--verbose"), ("-v", "-q")])
def test_options_that_contradict_each_other_are_refused(options: tuple[str, str]) -> None:
    assert "exclude each other" in refusal(*options, "--", "x")


def test_what_the_topology_refuses_is_refused_here_as_well() -> None:
    assert "not an IP address" in refusal("--pair", "a:nonsense", "b:10.0.0.2", "--", "x")


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
