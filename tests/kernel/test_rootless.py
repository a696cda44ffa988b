"""Rootless first: the whole of tests/kernel once more, as an ordinary user."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from reliability.user import NAME, OrdinaryUser, ordinary_user

from ..conftest import not_run
from .groups import delegated


def with_tun() -> tuple[str, ...]:
    """Words before a command of root's by which it sees a /dev/net/tun that everybody may open, as udev makes it."""
    tun = Path("/dev/net/tun")
    if not tun.exists() or tun.stat().st_mode & 0o006:
        return ()
    script = "mount -t tmpfs none /mnt; mknod -m 666 /mnt/tun c 10 200; mount --bind /mnt/tun $0; umount -l /mnt"
    return ("unshare", "-m", "sh", "-euc", f'{script}; exec "$@"', str(tun))


@pytest.fixture(scope="module")
def user() -> Iterator[OrdinaryUser]:
    """An ordinary user, for whom this project is not only there, but installed."""
    with ordinary_user() as user:
        pip = (sys.executable, "-I", "-m", "pip", "--python", str(user.python))
        words = [*pip, "install", "--quiet", "--no-deps", str(user.checkout)]
        done = subprocess.run(words, capture_output=True, text=True, cwd="/", timeout=200)
        assert done.returncode == 0, done.stdout + done.stderr
        yield user


@pytest.mark.skipif(os.getuid() != 0, reason="this is the rootless half")
@pytest.mark.deadline(1000)
def test_an_ordinary_user_can_do_the_same(user: OrdinaryUser, remark: list[str]) -> None:
    if user.why_not:
        pytest.skip(user.why_not)
    report = user.home / "report.xml"
    begun = time.monotonic()
    # What a test remarks stands in a report of the older kind only.
    words = ["-q", "--tb=short", "-p", "no:cacheprovider", f"--junitxml={report}", "-o", "junit_family=xunit1"]
    # A page is the same for everybody.
    but_for = ("rootless", "page_browser")
    tests = ("tests/kernel", *(f"--ignore=tests/kernel/test_{each}.py" for each in but_for))
    with delegated(user.uid, user.gid) as groups:
        done = subprocess.run(
            [*groups, *with_tun(), *user.words, str(user.python), "-m", "pytest", *words, *tests],
            cwd=user.checkout,
            stdin=subprocess.DEVNULL,
            text=True,
            env=user.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=900,
        )
    assert report.exists(), done.stdout
    remark += summary(ElementTree.parse(report).getroot(), time.monotonic() - begun)
    if done.returncode:
        pytest.fail(f"as {NAME}:\n{done.stdout}", pytrace=False)


GRANTED = """
mount --bind "$0" /etc/subuid; mount --bind "$0" /etc/subgid
exec "$@"
"""


@pytest.mark.skipif(os.getuid() != 0, reason="root grants")
@pytest.mark.parametrize(
    ("grant", "lines", "seen"),
    [
        ("1000000:65536", 3, "1\n"),
        ("1000000:1000", 2, "1\n"),
        ("4294967290:65536", 1, ""),  # there are no such ids
        ("", 1, ""),
    ],
)
def test_ids_that_were_granted_are_those_of_a_container(
    user: OrdinaryUser, tmp_path: Path, grant: str, lines: int, seen: str
) -> None:
    for path in ("/etc/subuid", "/etc/subgid", "/usr/bin/newuidmap"):
        if not Path(path).exists():
            pytest.skip(f"there is no {path}")
    (tmp_path / "grants").write_text(f"{NAME}:{grant}\n" if grant else "")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        sandbox = (str(user.python), "-m", "sandbox", "run", "--contain", *words)
        enter = ("unshare", "-m", "sh", "-euc", GRANTED, str(tmp_path / "grants"))
        return subprocess.run(
            [*enter, *user.words, *sandbox],
            capture_output=True,
            text=True,
            cwd=user.checkout,
            env={"HOME": str(user.home)},
            timeout=20,
        )

    assert len(run("--", "cat", "/proc/self/uid_map").stdout.splitlines()) == lines
    assert run("--", "id", "-u").stdout == f"{user.uid}\n"
    other = run("--user", "1", "--", "id", "-u")
    assert other.stdout == seen
    assert other.returncode == (0 if seen else 125)


def summary(report: ElementTree.Element, seconds: float) -> Iterator[str]:
    """What came of the tests: a line of numbers, and one for each that was not run."""
    cases = list(report.iter("testcase"))
    skipped = [(case, reason) for case in cases for reason in case.iter("skipped")]
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    passed = len(cases) - len(skipped) - len(failed)
    yield f"as {NAME}: {passed} passed, {len(failed)} failed, {len(skipped)} not run, in {seconds:.0f} s"
    for told in report.iter("property"):
        if told.get("name") == "remark":
            yield f"as {NAME}: {told.get('value')}"
    for case, reason in skipped:
        test = f"{case.get('classname')}::{case.get('name')}"
        yield f"as {NAME}: {not_run(test, reason.get('message', ''))}"
