"""What a container is to have: read in every way in which it may be written, and refused where it makes no sense."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

import sandbox
from sandbox.containment import MACHINES, Bind, Containment, Tmpfs, contained
from sandbox.errors import NotAllowed, RequestError
from sandbox.kernel import seccomp
from sandbox.sources import settled
from sandbox.topology import Topology
from sandbox.values import replace

from .topologies import containments

ALONE = Topology.alone()


def test_nothing_is_in_it_unless_it_is_asked_for() -> None:
    assert Containment() == Containment(bind=[], ro_bind=(), tmpfs=iter(()), cap_add=[])
    assert (Containment().mounts, Containment().root, Containment().seccomp) == ((), None, True)
    assert Containment().tmp_size == 256 * 1024 * 1024


@pytest.mark.parametrize(
    ("given", "bind"),
    [
        ("/data", Bind("/data", "/data", True)),
        ("/data:/srv", Bind("/data", "/srv", True)),
        ("/data:/srv//a/./b/", Bind("/data", "/srv/a/b", True)),
        ("data", Bind("data", "", True)),
        (".", Bind(".", "", True)),
        ("/a/../b", Bind("/a/../b", "", True)),
        (Path("/data"), Bind("/data", "/data", True)),
        (Path("/a:b"), Bind("/a:b", "/a:b", True)),
        (["/a:/b"], Bind("/a", "/b", True)),
        ([("/a:b", "/c")], Bind("/a:b", "/c", True)),
        ([(Path("/a"), Path("/c"))], Bind("/a", "/c", True)),
        (Bind("/a", "/b"), Bind("/a", "/b", True)),
    ],
)
def test_what_is_bound_is_written_in_several_ways(given: Any, bind: Bind) -> None:
    assert Containment(bind=given).bind == (bind,)
    assert Containment(ro_bind=given).ro_bind == (replace(bind, writable=False),)


def test_one_or_a_list_of_each_may_be_given() -> None:
    both = Containment(bind=["/a", "/b:/c"], tmpfs=["/x", "/y:1.5K"], cap_add=["CAP_NET_RAW", "chown", "NET_RAW"])
    assert both.bind == (Bind("/a", "/a", True), Bind("/b", "/c", True))
    assert both.tmpfs == (Tmpfs("/x"), Tmpfs("/y", 1536))
    assert both.cap_add == ("net_raw", "chown")
    assert Containment(tmpfs="/x", cap_add="Net_Raw") == Containment(tmpfs=[Tmpfs("/x")], cap_add=["net_raw"])
    assert Containment(rootfs=Path("debian")).rootfs == "debian"
    assert Containment(tmp_size="64MiB") == Containment(tmp_size=64 << 20)


def test_what_lies_in_another_is_mounted_after_it() -> None:
    containment = Containment(bind=["/a:/x/y/z", "/b:/q"], ro_bind="/c:/x", tmpfs="/x/y")
    assert [each.target for each in containment.mounts] == ["/q", "/x", "/x/y", "/x/y/z"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"bind": ""}, "nothing to bind - write SRC"),
        ({"bind": ":/a"}, "nothing to bind"),
        ({"bind": "/a:"}, "no place behind the colon"),
        ({"bind": "/a:/b:ro"}, "not two places - write --ro-bind SRC:DST"),
        ({"ro_bind": "/a:/b:rw"}, "not two places - --bind SRC:DST is to be written already"),
        ({"bind": "/a:b"}, "no absolute path inside - begin it with /, such as /b"),
        ({"bind": [("/a", "b")]}, "no absolute path inside"),
        ({"bind": [("/a", "/b", "/c")]}, "not two places"),
        ({"bind": "/a:/b/../c"}, ".. in the path inside"),
        ({"bind": "/a:/"}, "the whole root - choose a place in it, or write --rootfs DIR"),
        ({"ro_bind": "/a:/proc"}, "a container has a /proc of its own"),
        ({"ro_bind": "/sys"}, "a container has a /sys of its own"),
        ({"bind": "/a\0b"}, "a NUL"),
        ({"bind": ["/a:/x", "/b:/x/"]}, "'/x': two things in one place"),
        ({"bind": "/a:/x", "tmpfs": "/x"}, "two things in one place"),
        ({"tmpfs": ""}, "no absolute path"),
        ({"tmpfs": "scratch"}, "such as /scratch"),
        ({"tmpfs": "/x:"}, "not a size"),
        ({"tmpfs": "/x:much"}, "not a size"),
        ({"tmpfs": [Tmpfs]}, None),
        ({"rootfs": ""}, "no directory"),
        ({"rootfs": "/a", "rootfs_rw": "/b"}, "there is one root"),
        ({"tmp_size": "0"}, "out of range"),
        ({"tmp_size": -1}, "out of range"),
        ({"tmp_size": "12X"}, "not a size"),
        ({"tmp_size": "M"}, "not a size"),
        ({"tmp_size": "9999999999999T"}, "out of range"),
        ({"tmp_size": True}, None),
        ({"cap_add": "NET_RW"}, "did you mean NET_RAW?"),
        ({"cap_add": "ALL"}, "no such capability"),
        ({"cap_add": [1]}, None),
        ({"bind": 5}, None),
        ({"bind": [b"/a"]}, None),
        ({"seccomp": "no"}, None),
    ],
)
def test_what_makes_no_sense_is_refused(words: dict[str, Any], said: str | None) -> None:
    with pytest.raises(RequestError if said else TypeError) as caught:
        Containment(**words)
    assert str(caught.value).isprintable()
    if said:
        assert said in str(caught.value)
        assert " - " in str(caught.value)


@given(containments())
def test_it_arrives_as_it_was_sent(containment: Containment) -> None:
    assert Containment.travelled(containment.spell()) == containment


@given(containments())
def test_nothing_is_lost_when_nothing_is_added(containment: Containment) -> None:
    assert containment.extended() == containment
    assert replace(containment) == containment


def test_what_is_added_goes_over_what_was_there() -> None:
    before = Containment(bind="/a", rootfs="/r", tmp_size="1M")
    after = before.extended(bind=["/b"], rootfs_rw="/s", tmp_size="2M", seccomp=False)
    assert after == Containment(bind=["/a", "/b"], rootfs_rw="/s", tmp_size="2M", seccomp=False)
    with pytest.raises(RequestError, match="two things in one place"):
        before.extended(tmpfs=["/a"])


def test_a_topology_is_contained_as_it_is_told() -> None:
    own, other = Containment(tmpfs="/x"), Containment(tmpfs="/y")
    assert contained(ALONE, None) == contained(ALONE, False) == ALONE
    assert contained(ALONE, True).containment == Containment()
    within = contained(ALONE, own)
    assert contained(within, None) == contained(within, True) == within
    assert contained(within, other).containment == other
    assert contained(within, False) == ALONE
    with pytest.raises(TypeError, match="contain is True, False or a Containment"):
        contained(ALONE, "yes")  # type: ignore[arg-type]


# --- what it is to have of the host


def refused(**words: Any) -> str:
    with pytest.raises(RequestError) as caught:
        settled(ALONE, Containment(**words))
    assert " - " in str(caught.value)
    return str(caught.value)


def test_relative_sources_are_meant_from_here_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path / "data")
    monkeypatch.setenv("HOME", "/")
    found = settled(ALONE, Containment(bind=[".", "..:/tmp/up"], rootfs="..")).containment
    assert found
    here = str(tmp_path / "data")
    assert found.bind == (Bind(here, here, True), Bind(str(tmp_path), "/tmp/up", True))
    assert found.rootfs == str(tmp_path)
    assert settled(contained(ALONE, found)) == contained(ALONE, found)


def test_sources_have_to_be_there(tmp_path: Path) -> None:
    assert "bind '/nosuch': No such file or directory - write SRC" in refused(bind="/nosuch:/tmp/a")
    assert "Not a directory" in refused(rootfs="/etc/passwd")
    assert "No such file" in refused(rootfs_rw="/nosuch")
    assert "an empty directory" in refused(rootfs=tmp_path)


def test_there_has_to_be_room_for_targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    (tmp_path / "file").touch()
    (tmp_path / "in").mkdir()
    assert "neither there nor below a directory that can be written" in refused(bind=[(tmp_path, "/nosuch")])
    assert "neither there" in refused(tmpfs="/nosuch/scratch")
    assert "neither there" in refused(ro_bind=[(tmp_path, "/tmp/a")], tmpfs="/tmp/a/nosuch")
    assert "'/etc/passwd': a file, and a directory was to go over it" in refused(tmpfs="/etc/passwd")
    assert "a directory, and a file was to go over it" in refused(bind=[(tmp_path / "file", "/etc")])
    assert "a directory, and a file" in refused(bind=[(tmp_path, "/tmp/a"), (tmp_path / "file", "/tmp/a/in")])
    for words in (
        {"bind": [(tmp_path, "/tmp/a/b/c"), (tmp_path, "/var/tmp"), (tmp_path, home / "a"), (tmp_path, "/dev/shm/a")]},
        {"bind": [(tmp_path / "file", "/etc/passwd")], "tmpfs": ["/var", "/var/new/place"]},
        {"ro_bind": [(tmp_path, "/tmp/a")], "tmpfs": "/tmp/a/in"},
        {"bind": [(tmp_path, "/tmp/a"), (tmp_path, "/tmp/a/new")]},
        {"rootfs": tmp_path, "bind": [(tmp_path, "/nosuch")]},
    ):
        assert settled(ALONE, Containment(**words)).containment  # type: ignore[arg-type]


def test_a_link_on_the_way_to_a_target_is_followed() -> None:
    if os.path.realpath("/var/run") != "/run":
        pytest.skip("/var/run is not a link to /run here")
    assert settled(ALONE, Containment(bind="/etc:/var/run/mine")).containment


def test_a_machine_without_a_filter_is_refused_unless_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "x", "6.18", "#1", "riscv64")))
    with pytest.raises(NotAllowed, match="riscv64 - go without it: --no-seccomp"):
        settled(ALONE, True)
    assert settled(ALONE, Containment(seccomp=False)).containment


def test_the_machines_with_a_filter_are_these() -> None:
    assert set(MACHINES) == set(seccomp.CONVENTIONS)
    assert sandbox.Containment is Containment
