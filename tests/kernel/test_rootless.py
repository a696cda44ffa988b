"""Rootless first: the whole of tests/kernel once more, as an ordinary user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ..conftest import not_run
from .groups import delegated

USER = pwd.getpwnam("nobody")
ROOT = Path(__file__).parents[2]
NOT_COPIED = shutil.ignore_patterns(".git", ".venv*", "__pycache__", ".*_cache", "dist", "build", "*.egg-info")
IS_NEW_ENOUGH = "import sys, ensurepip, venv; assert sys.version_info >= (3, 11)"
INTERPRETERS = (
    os.path.realpath(getattr(sys, "_base_executable", sys.executable)),
    *(f"{place}/python3{minor}" for place in ("/usr/bin", "/usr/local/bin") for minor in ("", ".13", ".12", ".11")),
)


def as_user(words: list[str], **options: object) -> subprocess.CompletedProcess[str]:
    """A command run by an ordinary user, who has nothing of root's."""
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        words, user=USER.pw_uid, group=USER.pw_gid, extra_groups=[], text=True, stdin=subprocess.DEVNULL, **options
    )


def with_tun() -> tuple[str, ...]:
    """Words before a command of root's by which it sees a /dev/net/tun that everybody may open, as udev makes it."""
    tun = Path("/dev/net/tun")
    if not tun.exists() or tun.stat().st_mode & 0o006:
        return ()
    script = "mount -t tmpfs none /mnt; mknod -m 666 /mnt/tun c 10 200; mount --bind /mnt/tun $0; umount -l /mnt"
    return ("unshare", "-m", "sh", "-euc", f'{script}; exec "$@"', str(tun))


def can_run(interpreter: str) -> bool:
    try:
        return as_user([interpreter, "-I", "-c", IS_NEW_ENOUGH], capture_output=True, cwd="/").returncode == 0
    except OSError:
        return False


@pytest.fixture(scope="module")
def checkout() -> Iterator[Path]:
    """A directory that the user can read, with a copy of this checkout in it."""
    directory = Path(tempfile.mkdtemp(prefix="sandbox-rootless-"))
    try:
        directory.chmod(0o755)
        shutil.copytree(ROOT, directory / "checkout", ignore=NOT_COPIED)
        subprocess.run(["chmod", "-R", "a+rX", directory / "checkout"], check=True)
        yield directory / "checkout"
    finally:
        shutil.rmtree(directory)


@pytest.fixture(scope="module")
def python(checkout: Path) -> Path:
    """An interpreter that the user can run, with this project and what its tests need installed."""
    interpreter = next(filter(can_run, INTERPRETERS), None)
    if interpreter is None:
        pytest.skip(f"no Python 3.11 or later with venv that {USER.pw_name} could run")
    python = checkout.parent / "venv" / "bin" / "python"
    for words in (
        [interpreter, "-I", "-m", "venv", str(python.parents[1])],
        [str(python), "-I", "-m", "pip", "install", "--quiet", "--no-compile", f"{checkout}[dev]"],
    ):
        done = subprocess.run(words, capture_output=True, text=True, cwd="/", timeout=200)
        assert done.returncode == 0, done.stdout + done.stderr
    return python


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A directory of the user's own; not in /tmp, of which a container has another."""
    home = Path(tempfile.mkdtemp(prefix="sandbox-rootless-", dir="/var/tmp"))
    try:
        os.chown(home, USER.pw_uid, USER.pw_gid)
        yield home
    finally:
        shutil.rmtree(home)


@pytest.fixture(scope="module")
def scratch(checkout: Path) -> Path:
    """Where the user's tests have their files."""
    scratch = checkout.parent / "tmp"
    scratch.mkdir()
    os.chown(scratch, USER.pw_uid, USER.pw_gid)
    return scratch


@pytest.mark.skipif(os.getuid() != 0, reason="this is the rootless half")
@pytest.mark.deadline(1000)
def test_an_ordinary_user_can_do_the_same(
    checkout: Path, python: Path, home: Path, scratch: Path, remark: list[str]
) -> None:
    if as_user(["unshare", "-U", "true"], capture_output=True, cwd="/").returncode:
        pytest.skip("this machine refuses user namespaces to ordinary users: see sandbox doctor")
    report = home / "report.xml"
    begun = time.monotonic()
    # What a test remarks stands in a report of the older kind only.
    words = ["-q", "--tb=short", "-p", "no:cacheprovider", f"--junitxml={report}", "-o", "junit_family=xunit1"]
    user = ("setpriv", f"--reuid={USER.pw_uid}", f"--regid={USER.pw_gid}", "--clear-groups")
    # A page is the same for everybody.
    but_for = ("rootless", "page_browser")
    tests = ("tests/kernel", *(f"--ignore=tests/kernel/test_{each}.py" for each in but_for))
    with delegated(USER.pw_uid, USER.pw_gid) as groups:
        done = subprocess.run(
            [*groups, *with_tun(), *user, str(python), "-m", "pytest", *words, *tests],
            cwd=checkout,
            stdin=subprocess.DEVNULL,
            text=True,
            env={
                "HOME": str(home),
                "TMPDIR": str(scratch),
                "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
                "LANG": os.environ.get("LANG", "C.UTF-8"),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=900,
        )
    assert report.exists(), done.stdout
    remark += summary(ElementTree.parse(report).getroot(), time.monotonic() - begun)
    if done.returncode:
        pytest.fail(f"as {USER.pw_name}:\n{done.stdout}", pytrace=False)


GRANTED = """
mount --bind "$1" /etc/subuid; mount --bind "$1" /etc/subgid; shift
exec setpriv --reuid="$0" --regid="$0" --clear-groups "$@"
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
    checkout: Path, python: Path, home: Path, tmp_path: Path, grant: str, lines: int, seen: str
) -> None:
    for path in ("/etc/subuid", "/etc/subgid", "/usr/bin/newuidmap"):
        if not Path(path).exists():
            pytest.skip(f"there is no {path}")
    (tmp_path / "grants").write_text(f"{USER.pw_name}:{grant}\n" if grant else "")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        sandbox = (str(python), "-m", "sandbox", "run", "--contain", *words)
        enter = ("unshare", "-m", "sh", "-euc", GRANTED, str(USER.pw_uid), str(tmp_path / "grants"))
        return subprocess.run(
            [*enter, *sandbox], capture_output=True, text=True, cwd=checkout, env={"HOME": str(home)}, timeout=20
        )

    assert len(run("--", "cat", "/proc/self/uid_map").stdout.splitlines()) == lines
    assert run("--", "id", "-u").stdout == f"{USER.pw_uid}\n"
    other = run("--user", "1", "--", "id", "-u")
    assert other.stdout == seen
    assert other.returncode == (0 if seen else 125)


def summary(report: ElementTree.Element, seconds: float) -> Iterator[str]:
    """What came of the tests: a line of numbers, and one for each that was not run."""
    cases = list(report.iter("testcase"))
    skipped = [(case, reason) for case in cases for reason in case.iter("skipped")]
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    passed = len(cases) - len(skipped) - len(failed)
    yield f"as {USER.pw_name}: {passed} passed, {len(failed)} failed, {len(skipped)} not run, in {seconds:.0f} s"
    for told in report.iter("property"):
        if told.get("name") == "remark":
            yield f"as {USER.pw_name}: {told.get('value')}"
    for case, reason in skipped:
        test = f"{case.get('classname')}::{case.get('name')}"
        yield f"as {USER.pw_name}: {not_run(test, reason.get('message', ''))}"
