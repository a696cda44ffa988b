"""A topology as a file: what is read, what is refused and where, and that nothing is lost on the way."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import labfile
from sandbox.containment import Containment
from sandbox.errors import RequestError
from sandbox.labfile import tables, toml
from sandbox.topology import Topology
from sandbox.topology.address import Address
from sandbox.topology.draft import Draft
from sandbox.topology.endpoint import Endpoint, Link
from sandbox.topology.limits import Limits
from sandbox.topology.service import Ready, Service
from sandbox.topology.switch import Switch

from .topologies import topologies

SCHEMA = Path(__file__).parents[1] / "docs" / "lab.schema.json"
WHOLE = """
routes = false

[switches.lan]
subnets = ["10.0.0.0/24", "fd00::/64"]
mtu = 1400

[switches.bare]

[nodes.web]
on = "lan"
aliases = ["www", "shop"]
publish = ["8080:80", "127.0.0.1:53:53/udp"]
command = ["nginx", "-g", "daemon off;"]
environment = { LANG = "C" }
cwd = "/srv"
ready = { port = 80, timeout = 5 }
memory = "1536M"
pids = 100
cpus = 0.5
ulimits = { core = "0:unlimited", nofile = 64 }

[nodes.r]
on = ["lan:10.0.0.1,fd00::1", "bare"]
router = true
uplink = true

[nodes.client]
on = ["lan:10.0.0.9,mtu=1300,mac=02:00:00:00:00:01"]
depends_on = ["web"]
command = "curl -sf http://web/"

[[links]]
ends = ["r:10.0.1.1", "far:10.0.1.2"]

[[links]]
ends = ["far", "bare"]
"""


def by_flags() -> Topology:
    """What WHOLE says, as the command line would declare it."""
    draft = Draft()
    draft.switch("bare")
    draft.switch("lan:10.0.0.0/24,fd00::/64,mtu=1400")
    draft.node("web:10.0.0.2,fd00::2")
    draft.node("r:10.0.0.1,fd00::1")
    draft.node("r", switch="bare")
    draft.node("client:10.0.0.9,mtu=1300,mac=02:00:00:00:00:01")
    draft.pair("r:10.0.1.1", "far:10.0.1.2")
    draft.node("far", switch="bare")
    draft.router("r")
    draft.uplink("r")
    draft.alias("www", "web")
    draft.alias("shop", "web")
    draft.publish("8080:web:80")
    draft.publish("127.0.0.1:53:web:53/udp")
    draft.no_routes()
    draft.serve(
        Service("web", ("nginx", "-g", "daemon off;"), {"LANG": "C"}, cwd="/srv", ready=Ready(port=80, timeout_s=5))
    )
    draft.limit("web", Limits(memory="1.5g", pids=100))
    draft.limit("web", Limits(cpus=0.5, ulimits={"nofile": 64, "core": (0, -1)}))
    draft.serve(Service("client", ("/bin/sh", "-c", "curl -sf http://web/"), depends_on=("web",)))
    return draft.topology()


def test_a_file_says_what_the_flags_say() -> None:
    flags, file = by_flags(), Topology.loads(WHOLE)
    assert file.switches == flags.switches[::-1]
    for field in Topology.__match_args__:
        assert field == "switches" or getattr(file, field) == getattr(flags, field), field


def test_the_shortest_file_is_one_node() -> None:
    assert Topology.loads("[nodes.a]") == Topology(("a",))
    assert Topology(("a",)).dump() == "[nodes.a]\n"


def test_a_pair_is_a_link_and_nothing_else() -> None:
    pair = Topology.parse([("a:10.0.0.1", "b:10.0.0.2")])
    assert pair.dump() == '[[links]]\nends = ["a:10.0.0.1/24", "b:10.0.0.2/24"]\n'
    assert Topology.loads(pair.dump()) == pair


def test_what_is_written_is_what_a_person_would_write() -> None:
    assert Topology.loads(WHOLE).dump() == WHOLE.lstrip().replace(
        'on = "lan"', 'on = "lan:10.0.0.2/24,fd00::2/64"'
    ).replace("10.0.0.1,fd00::1", "10.0.0.1/24,fd00::1/64").replace(
        'on = ["lan:10.0.0.9,', 'on = "lan:10.0.0.9/24,'
    ).replace('00:01"]', '00:01"').replace(
        'depends_on = ["web"]\ncommand = "curl -sf http://web/"',
        'command = "curl -sf http://web/"\ndepends_on = ["web"]',
    ).replace("timeout = 5 ", "timeout = 5.0 ").replace('1.1", "far:10.0.1.2"', '1.1/24", "far:10.0.1.2/24"')


@given(topologies())
def test_whatever_is_dumped_is_loaded_as_it_was(topology: Topology) -> None:
    text = topology.dump()
    assert Topology.loads(text) == topology
    assert Topology.loads(text).dump() == text


@given(topologies())
def test_the_file_as_plain_values_is_what_the_text_says(topology: Topology) -> None:
    plain = labfile.document(topology)
    assert json.loads(json.dumps(plain)) == tomllib.loads(topology.dump())


TEXTS = st.text(st.characters(codec="utf-8"))
VALUES = TEXTS | st.integers(-(2**53), 2**53) | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.dictionaries(TEXTS, VALUES | st.lists(TEXTS) | st.dictionaries(TEXTS, VALUES, max_size=4), max_size=5)


@given(st.dictionaries(TEXTS, VALUES | st.lists(LEAVES, min_size=1) | st.dictionaries(TEXTS, LEAVES, min_size=1)))
def test_any_document_of_this_shape_is_written_as_python_reads_it(document: dict[str, object]) -> None:
    assert tomllib.loads(toml.write(document)) == document


def test_an_address_is_the_first_that_nobody_has_wherever_that_is_said() -> None:
    lab = Topology.loads('switches.s.subnets = "10.0.0.0/24"\nnodes.a.on = "s"\nnodes.b.on = "s:10.0.0.1"')
    assert [str(link.first) for link in lab.links] == ["a:10.0.0.2/24", "b:10.0.0.1/24"]


def test_a_node_without_an_address_on_a_switch_with_subnets_stays_without() -> None:
    lab = Topology(("a",), (Link(Endpoint("a"), Endpoint("s")),), (Switch.parse("s:10.0.0.0/24"),))
    assert Topology.loads(lab.dump()) == lab
    assert "[[links]]" in lab.dump()


def test_the_uplink_of_a_switch_is_a_gateway_on_it() -> None:
    lab = Topology.loads('[switches.lan]\nsubnets = "10.0.0.0/24"\nuplink = true\n[nodes.a]\non = "lan"')
    assert lab.uplinks == ("lan-gateway",)
    assert lab.links[1].first.addresses == (Address.parse("10.0.0.2"),)
    assert Topology.loads(lab.dump()) == lab


def test_the_order_in_which_nodes_are_said_to_be_something_means_nothing() -> None:
    one = Topology(("a", "b"), routers=("b", "a"), uplinks=("b", "a", "b"), aliases=(("y", "b"), ("x", "a")))
    assert one == Topology(("a", "b"), routers=("a", "b"), uplinks=("a", "b"), aliases=(("x", "a"), ("y", "b")))


CIRCLE = """
[nodes]
a = { command = "x", depends_on = "b" }
b = { command = "x", depends_on = "c" }
c = { command = "x", depends_on = "a" }
"""

# What is written, and the whole line that answers it; it stands in the file lab.toml.
REFUSED = [
    ("x", "end of document: expected '=' after a key in a key/value pair - check the quotes, brackets and = there"),
    ("a = 1\nb == 2", "line 2, column 4: invalid value - check the quotes, brackets and = there"),
    ("nodes = 5", 'nodes: expected a table, got a whole number - write it such as nodes = { web = { on = "lan" } }'),
    ("nodes.a = 5", "nodes.a: expected a table, got a whole number - write a table"),
    ("links = 'a b'", None),
    ("routes = 1", "routes: expected true or false, got a whole number - write it such as routes = false"),
    ("node.a = {}", "'node': no such key - did you mean nodes?"),
    ("x-y = 1", "'x-y': no such key - there are routes, contain, switches, nodes, links"),
    ("[nodes.a]\n[nodes.b]\nonn = 'x'", "'nodes.b.onn': no such key - did you mean on?"),
    ("[nodes.a]\nroutes = false", "'nodes.a.routes': no such key - it stands at the top, before the first [table]"),
    ("[nodes.a]\ncommand = 'x'\nready.prot = 1", "'nodes.a.ready.prot': no such key - did you mean port?"),
    ("[switches.s]\nmtu = 9", "switches.s.mtu: expected a whole number >= 68 - write it such as mtu = 1400"),
    ("[[links]]\nend = ['a', 'b']", "'links[0].end': no such key - did you mean ends?"),
    ("[[links]]", "links[0]: object missing required field ends - write a table"),
    ("[nodes.a]\nenvironment = { X = 1 }", None),
    ("[nodes.a]\non = 'lam'\n[switches.lan]", "nodes.a.on: 'lam': no such switch - did you mean lan?"),
    ("[nodes.a]\non = 'b'\n[nodes.b]", "nodes.a.on: 'b': no such switch - two nodes are joined by [[links]]"),
    ("[nodes.a]\npublish = '80'", None),
    ("[nodes.a]\npublish = '80:80:80:80:80'", None),
    ("[nodes.a]\nready = { port = 80 }", "nodes.a: ready: of no command - write command as well"),
    ("[nodes.a]\ncommand = ''", "nodes.a: 'a': no command - write what to run, such as ['nginx']"),
    ("[nodes.a]\ncommand = []", "nodes.a: 'a': no command - write what to run, such as ['nginx']"),
    ("[nodes.a]\ncommand = 'x'\nready = {}", None),
    ("[nodes.a]\ncommand = 'x'\nready = { port = 1, log = 'x' }", None),
    ("[nodes.a]\ncommand = 'x'\nready = { port = 1, timeout = inf }", None),
    ("[nodes.a]\ncommand = 'x'\nready = { port = 1, timeout = nan }", None),
    ("[nodes.a]\ncommand = ['x', '\\u0000']".replace("'", '"'), None),
    ("[nodes.a]\ncommand = 'x'\nenvironment = { 'A=B' = 'x' }", None),
    ("[nodes.a]\ncommand = 'x'\ncwd = ''", "nodes.a: 'a': cwd '' - write a directory"),
    ("[nodes.A]", None),
    ('[nodes."a\\nb"]\non = 5', None),
    ('[nodes.a]\n"a\\nb" = 5', None),
    ("[nodes.a]\naliases = ['a']", "'a': the name of two things - choose another alias"),
    ("[switches.s]\nsubnets = ['10.0.0.1/24']", None),
    ("[switches.s]\nsubnets = ['10.0.0.0/30']\n[nodes]\na.on='s'\nb.on='s'\nc.on='s'", None),
    (
        "[switches.s]\nsubnets = ['10.0.0.0/16']\n[nodes]\na.on = 's:10.0.0.9'",
        "'a:10.0.0.9/24': another prefix than that of 's', 10.0.0.0/16 - write 10.0.0.9/16",
    ),
    (
        "[switches.s]\nsubnets = ['10.0.0.0/16']\n[nodes]\na.on = 's:10.1.0.9/16'",
        "'a:10.1.0.9/16': not in a subnet of 's' - take one from 10.0.0.0/16",
    ),
    ("[[links]]\nends = ['a:10.0.0.300', 'b:10.0.0.1']", None),
    ("[[links]]\nends = ['a:10.0.0.1', 'b:10.0.1.1']", None),
    (
        "[nodes.a]\ncommand = 'x'\ndepends_on = ['b']\n[nodes.b]",
        "'a' depends on 'b': no service there - the nodes with one are a",
    ),
    (CIRCLE, None),
    ("contain = 5\n[nodes.a]", None),
    ("contain = 'yes'\n[nodes.a]", None),
    ("[contain]\nbinds = ['/a']\n[nodes.a]", "'contain.binds': no such key - did you mean bind?"),
    ("[contain]\nbind = 5\n[nodes.a]", None),
    ("[contain]\nbind = ['/a:b']\n[nodes.a]", None),
    ("[contain]\nbind = [['/a']]\n[nodes.a]", None),
    ("[contain]\ntmp_size = true\n[nodes.a]", None),
    (
        "[contain]\ntmp_size = '5X'\n[nodes.a]",
        "contain: tmp_size '5X': not a size - write such as 64M or 1G",
    ),
    ("[contain]\ncap_add = 'net_rw'\n[nodes.a]", "contain: 'net_rw': no such capability - did you mean NET_RAW?"),
    (
        "[contain]\nseccomp = 1\n[nodes.a]",
        "contain.seccomp: expected true or false, got a whole number - write it such as seccomp = false",
    ),
    ("[nodes.a]\ncontain = true", "'nodes.a.contain': no such key - it stands at the top, before the first [table]"),
    ("", "a topology without a node - name one, or join two by a pair"),
]


def test_a_container_is_said_by_a_word_or_a_table() -> None:
    def read(text: str) -> Containment | None:
        return Topology.loads(f"{text}\n[nodes.a]").containment

    assert read("") is read("contain = false") is None
    assert read("contain = true") == read("[contain]") == Containment()
    text = "bind = ['data', ['/a:b', '/c']]\nro_bind = '/d:/e'\ntmpfs = '/x:1M'\nrootfs = 'r'\ntmp_size = 9"
    said = Containment(
        bind=["data", ("/a:b", "/c")], ro_bind="/d:/e", tmpfs="/x:1M", rootfs="r", tmp_size=9, seccomp=False
    )
    assert read(f"[contain]\n{text}\nseccomp = false") == said
    assert Topology.loads("contain = true\n[nodes.a]").dump() == "contain = true\n\n[nodes.a]\n"


@pytest.mark.parametrize(("text", "said"), REFUSED)
def test_what_cannot_be_is_refused_with_its_place(tmp_path: Path, text: str, said: str | None) -> None:
    path = tmp_path / "lab.toml"
    path.write_text(text)
    with pytest.raises(RequestError) as caught:
        Topology.load(str(path))
    line = str(caught.value)
    assert line.startswith(f"{path}: ")
    assert " - " in line
    assert line.isprintable()
    if said:
        assert line == f"{path}: {said}"
    with pytest.raises(RequestError) as caught:
        Topology.loads(text)
    assert str(caught.value) == line.removeprefix(f"{path}: ")


def test_a_circle_is_shown_whole() -> None:
    with pytest.raises(RequestError) as caught:
        Topology.loads(CIRCLE)
    circle = str(caught.value).partition("circle, ")[2].partition(" - ")[0]
    assert circle in (
        "'a' needs 'b' needs 'c' needs 'a'",
        "'b' needs 'c' needs 'a' needs 'b'",
        "'c' needs 'a' needs 'b' needs 'c'",
    )


def test_two_services_in_one_node_are_refused() -> None:
    with pytest.raises(RequestError, match="two services in one node"):
        Topology(("a",), services=(Service("a", ("x",)), Service("a", ("y",))))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    path.write_bytes(b"[nodes.\xff]")
    with pytest.raises(RequestError, match="byte 7 is no UTF-8"):
        Topology.load(str(path))
    with pytest.raises(FileNotFoundError):
        Topology.load(str(tmp_path / "none.toml"))


def test_a_command_that_is_no_text_cannot_be_dumped() -> None:
    lab = Topology(("a",), services=(Service("a", ("cat", "\udcff")),))
    with pytest.raises(RequestError, match=r"'\\udcff' is no text"):
        lab.dump()


def assert_read_or_refused(read: Callable[[Any], object], what: object) -> None:
    said = "accepted - and nothing to say"
    try:
        read(what)
    except RequestError as error:
        said = str(error)
    assert " - " in said
    assert said.isprintable()


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_any_text_is_a_topology_or_refused_on_one_line(text: str) -> None:
    assert_read_or_refused(Topology.loads, text)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["lan", "a:10.0.0.1", "80:80"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["nodes", "on", "ready", "port", "links", "ends", "lan", "a", "x"]), inner)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["nodes", "switches", "links", "routes", "x", "a\nb"]), JUNK))
def test_any_document_is_read_or_refused_on_one_line(document: dict[str, object]) -> None:
    assert_read_or_refused(tables.read, document)


def test_the_schema_in_the_docs_is_current() -> None:
    assert json.loads(SCHEMA.read_text()) == tables.schema(), "sandbox export --format schema > docs/lab.schema.json"


def test_the_file_in_the_docs_is_one_and_names_every_key() -> None:
    text = SCHEMA.with_name("lab-files.md").read_text()
    file = text.partition("```toml\n")[2].partition("```")[0]
    assert Topology.loads(file).nodes == ("web", "client", "r", "far", "lan-gateway")
    for table in tables.schema()["$defs"].values():
        assert all(key in text for key in table["properties"])


def test_every_key_is_explained_in_the_schema() -> None:
    for table in tables.schema()["$defs"].values():
        for key, place in table["properties"].items():
            assert place["description"].endswith("."), key
            assert place["examples"], key


def test_a_file_that_is_too_deep_is_refused() -> None:
    with pytest.raises(RequestError, match="too deep"):
        labfile.loads("a = " + "[" * 5000)
