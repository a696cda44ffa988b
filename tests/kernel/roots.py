"""Small roots for containers, made of this machine's own programs: no image, and no network to fetch one by."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

PLACES = ("/bin", "/usr/bin", "/usr/sbin", "/sbin", "/usr/local/bin")
LIBRARY = re.compile(r"(?:=> )?(/\S+) \(0x")  # in what ldd(1) prints
USERS = {"passwd": "root:x:0:0::/root:/bin/sh\nme:x:1000:1000::/home:/bin/sh\n", "group": "root:x:0:\nme:x:1000:\n"}


def make_root(directory: Path, *programs: str) -> Path:
    """A root in `directory` with these programs in /bin, the libraries they need, and two users."""
    for name in ("bin", "etc", "root", "tmp", "proc", "var"):
        (directory / name).mkdir(parents=True)
    for name, text in USERS.items():
        (directory / "etc" / name).write_text(text)
    for program in programs:
        path = Path(found) if (found := shutil.which(program, path=":".join(PLACES))) else None
        assert path, program
        shutil.copy(path.resolve(), directory / "bin" / program)
        for library in libraries(path):
            copy = directory / library.relative_to("/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            if not copy.exists():
                shutil.copy(library.resolve(), copy)
    for path in (directory, *directory.rglob("*")):
        path.chmod(path.stat().st_mode | 0o555 if path.is_dir() or "bin" in path.parts else 0o755)
    return directory


def libraries(program: Path) -> Iterator[Path]:
    """What the loader brings with a program; nothing for a script, or one that is linked statically."""
    said = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    return (Path(found) for found in LIBRARY.findall(said))


def contents(root: Path) -> dict[str, tuple[object, ...]]:
    """All there is in a root: type, mode, owner, size, when it was changed, and what a file or a link says."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(root.rglob("*")):
        stat = path.lstat()
        said = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        found[str(path)] = (stat.st_mode, stat.st_uid, stat.st_gid, stat.st_size, stat.st_mtime_ns, said)
    return found
