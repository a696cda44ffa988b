"""An ordinary user who can run this project: nothing that is root's alone is needed for it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

NAME = "nobody"
ROOT = Path(__file__).parents[1]
NOT_COPIED = shutil.ignore_patterns(".git", ".venv*", ".*_cache", ".hypothesis", "dist", "build", "*.egg-info")
# Many files, and of use to none who runs anything of ours; and what points at the checkout of root's.
NOT_PACKAGES = shutil.ignore_patterns(
    *("playwright*", "mypy*", "*__mypyc*", "ruff*", "pip", "setuptools", "pkg_resources", "*-stubs", "tests"),
    "*sandbox_net*",
)
# What is compiled for one Python runs in another of the same ABI.
IS_ALIKE = "import sys, sysconfig as s, venv; sys.exit(s.get_config_var('SOABI') != sys.argv[1])"
# The directory $0 becomes an empty one that everybody may enter, and in it is nothing but $1, as it was.
REVEALED = """
mount --bind "$1" /mnt; mount -t tmpfs -o mode=755 none "$0"; mkdir -p "$1"; mount --move /mnt "$1"; shift; exec "$@"
"""
SETTING_UP_S = 60


def own_name() -> str:
    """How the user is called who runs this."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


@dataclass(frozen=True)
class OrdinaryUser:
    """Somebody with a copy of this checkout, a Python with all that it needs, and directories of his own.

    `home` is not in /tmp, of which a container has another; `scratch` is. After `words` a command of root's is his.
    """

    name: str
    uid: int
    gid: int
    checkout: Path
    python: Path
    home: Path
    scratch: Path
    words: tuple[str, ...]

    @property
    def environment(self) -> Mapping[str, str]:
        """What his programs find in theirs."""
        return {
            "HOME": str(self.home),
            "TMPDIR": str(self.scratch),
            "PATH": f"{self.python.parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "LANG": os.environ.get("LANG", "C.UTF-8"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    @property
    def why_not(self) -> str:
        """Why he cannot have a network of his own on this machine; nothing where he can."""
        done = subprocess.run([*self.words, "unshare", "-U", "true"], capture_output=True, cwd="/")
        return "user namespaces are refused to ordinary users here: see sandbox doctor" if done.returncode else ""


@contextmanager
def ordinary_user() -> Iterator[OrdinaryUser]:
    """The ordinary user, for root to act as. Raises LookupError where there is no Python that he could run."""
    who = pwd.getpwnam(NAME)
    with _directory("/tmp") as directory, _directory("/var/tmp") as home:
        directory.chmod(0o755)
        scratch = directory / "tmp"
        scratch.mkdir()
        for own in (scratch, home):
            os.chown(own, who.pw_uid, who.pw_gid)
        checkout, python = directory / "checkout", directory / "venv" / "bin" / "python"
        _copy(ROOT, checkout, NOT_COPIED)
        words = _install(checkout, python, _as(who))
        yield OrdinaryUser(who.pw_name, who.pw_uid, who.pw_gid, checkout, python, home, scratch, words)


@contextmanager
def _directory(parent: str) -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="sandbox-rootless-", dir=parent))
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


def _copy(source: Path, copy: Path, but_for: Callable[[str, list[str]], set[str]]) -> None:
    shutil.copytree(source, copy, ignore=but_for, symlinks=True, dirs_exist_ok=True)  # with times: of bytecode as well
    subprocess.run(["chmod", "-R", "a+rX", copy], check=True)


def _as(who: pwd.struct_passwd) -> tuple[str, ...]:
    return ("setpriv", f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups")


def _install(checkout: Path, python: Path, user: tuple[str, ...]) -> tuple[str, ...]:
    """Make the user's `python` with the packages that this one has; returns the words by which it can be run."""
    interpreter, words = _interpreter(user)
    make = [interpreter, "-I", "-m", "venv", "--without-pip", str(python.parents[1])]
    subprocess.run(make, check=True, capture_output=True, cwd="/", timeout=SETTING_UP_S)
    packages = python.parents[1] / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    _copy(Path(sysconfig.get_path("purelib")), packages, NOT_PACKAGES)
    (packages / "_checkout.pth").write_text(f"{checkout}\n", encoding="utf-8")
    return words


def _interpreter(user: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """One that is like ours, and the words by which the user can run it. Raises LookupError."""
    own = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    name = f"python3.{sys.version_info.minor}"
    for interpreter in (own, f"/usr/bin/{name}", f"/usr/local/bin/{name}"):
        if _is_alike(user, interpreter):
            return interpreter, user
    revealing = (*_reveal(Path(sys.base_prefix)), *user)
    if not _is_alike(revealing, own):
        raise LookupError(f"no {name} that {NAME} could run")
    return own, revealing


def _is_alike(user: tuple[str, ...], interpreter: str) -> bool:
    # setpriv(1) executes with root's capabilities, and so whatever only root can: env(1) has none of them.
    words = [*user, "env", interpreter, "-I", "-c", IS_ALIKE, str(sysconfig.get_config_var("SOABI"))]
    return subprocess.run(words, capture_output=True, cwd="/", timeout=SETTING_UP_S).returncode == 0


def _reveal(prefix: Path) -> tuple[str, ...]:
    """Words before a command of root's by which everybody can read `prefix`, which lies in a directory of root's.

    So that a Python below /root is an ordinary user's as well: by a mount that nobody else sees.
    """
    closed = [parent for parent in reversed(prefix.parents) if not parent.stat().st_mode & 0o001]
    return ("unshare", "-m", "sh", "-euc", REVEALED, str(closed[0]), str(prefix)) if closed else ()
