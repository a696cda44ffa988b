"""What this machine allows, and the exact fix for what it does not."""

from __future__ import annotations

import errno
import os

from .errors import NotAllowed, SandboxError
from .values import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OLDEST_KERNEL = (5, 11)  # close_range(2) with CLOSE_RANGE_CLOEXEC; clone3 and pidfds are older
FEW_DESCRIPTORS = 64
ENOUGH_NAMESPACES = 15000
# What may be missing: the package of each, and what it is for.
PROGRAMS = {
    "ip": ("iproute2", "nothing here needs it, lessons do"),
    "ping": ("iputils-ping", "nothing here needs it, lessons do"),
    "nft": ("nftables", "an uplink takes it"),
    "slirp4netns": ("slirp4netns", "an uplink without root takes it"),
}

UNMASK = "run the container with --security-opt systempaths=unconfined, or outside of it"
NAMESPACES = ("user", "pid", "net", "mnt", "uts")


@value
class Check:
    """One thing that was looked at: whether it is fine, what was seen, and the fix for when it is not.

    `needed`: without it nothing runs.
    """

    name: str
    ok: bool
    seen: str
    fix: str = ""
    needed: bool = True


def examine() -> list[Check]:
    """Every check, the last of them a real launch."""
    return [*_settings(), *_programs(), *_limits(), _landlock(), _container(), _launch()]


def forbidden(number: int, stage: str = "") -> NotAllowed | None:
    """The setting of this machine that explains why the kernel answered `number` to `stage`, or None."""
    if number == errno.EMFILE:
        return NotAllowed("too few descriptors are allowed (ulimit -n)", "raise it: ulimit -n 1024, or 2 for each node")
    if number == errno.EAGAIN:
        return NotAllowed("too many processes for this user (ulimit -u)", "raise it or end some: ulimit -u")
    if number == errno.ENOSPC and stage:  # without one it is a full disk
        return _limit_reached(stage)
    if number == errno.ENOSYS:
        what = "a system call is hidden here, most likely by a container's seccomp filter"
        return NotAllowed(what, "run the container with --security-opt seccomp=unconfined, or outside of it")
    if number == errno.EOPNOTSUPP:
        return NotAllowed("the kernel has no veth interfaces", "load them: sudo modprobe veth")
    if number == errno.ENOENT and stage.startswith("write /etc/hosts"):
        missing = "/etc/resolv.conf" if os.path.exists("/etc/hosts") else "/etc/hosts"
        return NotAllowed(f"{missing} is missing", f"sudo touch {missing}")
    if of_a_container := _of_a_container(number, stage):
        return of_a_container
    if number in (errno.EPERM, errno.EACCES, errno.EINVAL):
        refusals = (NotAllowed(each.seen, each.fix) for each in _settings() if not each.ok)
        return next(refusals, _unexplained(stage))
    return None


def _of_a_container(number: int, stage: str) -> NotAllowed | None:
    """What keeps a container from being made, whose stages these are."""
    if number == errno.ENODEV and stage == "put the files into it":
        return NotAllowed("the kernel has no overlayfs", "load it: sudo modprobe overlay, or take --rootfs-rw")
    if number == errno.EINVAL and stage == "put the files into it":
        return NotAllowed("the file system of rootfs cannot be below an overlay", "copy it to another, such as ext4")
    if number == errno.EINVAL and stage.startswith("open /"):  # MOUNT_ATTR_IDMAP of mount_setattr(2), which root needs
        what = (
            f"{stage.removeprefix('open ')!r}: a file system in it, such as proc, sysfs or cgroups, takes no other ids"
        )
        return NotAllowed(what, "take a directory without such, or be an ordinary user")
    if number in (errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EACCES) and stage.startswith(("bind /", "mount /")):
        what = f"cannot {stage} in a container: {os.strerror(number)}"
        return NotAllowed(what, "take a place that is there, file for file, or one below /tmp, /run, /home, $HOME")
    if number == errno.EEXIST and stage.startswith(("bind /", "mount /", "give it", "put the")):
        return NotAllowed(f"cannot {stage}: a link in rootfs leads nowhere", "make a directory in its place")
    if number == errno.EPERM and stage == "mount /proc" and (covered := _covered()):
        return NotAllowed(f"/proc is masked in places ({', '.join(covered[:2])})", UNMASK)
    return None


def _unexplained(stage: str) -> NotAllowed | None:
    """Where no setting forbids a user namespace, these are left."""
    if stage != "create namespaces" and not stage.startswith("start in "):
        return None
    return NotAllowed("user namespaces are refused, as in a chroot or by a security module", "leave it")


def _settings() -> Iterator[Check]:
    """What can forbid a launch, each read from the place where it is set."""
    yield _kernel()
    if os.geteuid() != 0:
        yield _switch("kernel.unprivileged_userns_clone", forbids="0")
        yield _switch("kernel.apparmor_restrict_unprivileged_userns", forbids="1")
    for kind in NAMESPACES:
        yield _namespaces(kind)
    yield _root()
    yield _proc()
    yield _hosts()
    yield _descriptors()


def _kernel() -> Check:
    release = os.uname().release
    numbers = tuple(int("".join(filter(str.isdigit, part)) or 0) for part in release.split("-")[0].split(".")[:2])
    oldest = ".".join(map(str, OLDEST_KERNEL))
    return Check("kernel", numbers >= OLDEST_KERNEL, f"Linux {release}", f"it takes Linux {oldest} or newer")


def _switch(key: str, *, forbids: str) -> Check:
    now = _read(key)
    allowed = "1" if forbids == "0" else "0"
    if now is None:
        return Check(key, True, "this kernel has no such switch")
    return Check(key, now != forbids, f"{key} is {now}", f"sudo sysctl -w {key}={allowed}")


def _namespaces(kind: str) -> Check:
    key = f"user.max_{kind}_namespaces"
    now = _read(key)
    if now is None:
        return Check(key, False, f"this kernel has no {kind} namespaces", "use a kernel built with them")
    return Check(key, now != "0", f"{key} is {now}", f"sudo sysctl -w {key}={ENOUGH_NAMESPACES}")


def _root() -> Check:
    """In a plain chroot mounts cannot be made one's own, and user namespaces are refused: clone(2), EPERM."""
    is_mount_point = "/" in _mount_points()
    seen = "/ is a mount point" if is_mount_point else "/ is not a mount point: this is a plain chroot"
    fix = "enter it as root, by pivot_root, or after: mount --bind DIR DIR"
    return Check("/", is_mount_point, seen, fix)


def _proc() -> Check:
    """The kernel lets a user namespace mount /proc only where nothing of the present one is covered."""
    covered = _covered()
    seen = f"/proc is masked in places ({', '.join(covered[:2])})" if covered else "/proc is whole"
    return Check("/proc", not covered or os.geteuid() == 0, seen, UNMASK)


def _covered() -> list[str]:
    return [path for path in _mount_points() if path.startswith("/proc/") and path != "/proc/sys/fs/binfmt_misc"]


def _hosts() -> Check:
    there = os.path.exists("/etc/hosts")
    return Check(
        "/etc/hosts",
        there,
        "/etc/hosts is there" if there else "/etc/hosts is missing",
        "sudo touch /etc/hosts",
    )


def _descriptors() -> Check:
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return Check("descriptors", soft >= FEW_DESCRIPTORS, f"{soft} descriptors (ulimit -n)", "ulimit -n 1024")


def _programs() -> Iterator[Check]:
    from shutil import which

    from .init.program import DEFAULT_PATH

    path = f"{os.environ.get('PATH', '')}:{DEFAULT_PATH}"
    for name, (package, purpose) in PROGRAMS.items():
        found = which(name, path=path)
        seen = found or f"{name} is not installed; {purpose}"
        yield Check(name, found is not None, seen, f"sudo apt-get install {package}", needed=False)


def _landlock() -> Check:
    from .kernel import landlock

    version = landlock.version()
    seen = f"version {version}, a second wall around containers" if version else "not there; containers do without"
    fix = "use a kernel with CONFIG_SECURITY_LANDLOCK, and landlock in its lsm= parameter"
    return Check("landlock", version > 0, seen, fix, needed=False)


def _container() -> Check:
    """A command in a container: what `run --contain` does."""
    from .lab.oneshot import run

    tried = _try("a command in a container", lambda: run(["true"], contain=True, check=True))
    return Check("contain", *tried, needed=False)


def _limits() -> Iterator[Check]:
    """What can be limited, and what labs whose init was killed have left of that."""
    from .init import controllers, places
    from .kernel import cgroup

    for controller, key in controllers.KEYS.items():
        try:
            place = places.find([controller])[0]
        except NotAllowed as refusal:
            yield Check(f"--{key}", False, refusal.what, refusal.fix, needed=False)
        else:
            yield Check(f"--{key}", True, f"a cgroup of version {place.version} in {place.path}")
    left = [path for path, _, is_stale in cgroup.find() if is_stale]
    if left:
        fix = "the next lab with limits takes them away"
        yield Check("cgroups", False, f"of labs that were killed: {', '.join(left)}", fix, needed=False)


def _launch() -> Check:
    """A pair, and a command in each node: what `run` does."""
    from .lab.oneshot import pair

    def launch() -> None:
        with pair("a:192.168.1.1", "b:192.168.1.2") as nodes:
            for node in nodes:
                node.run(["true"], check=True)

    return Check("run", *_try("a pair, and a command in each node", launch))


def _try(what: str, launch: Callable[[], object]) -> tuple[bool, str, str]:
    """Whether it works, what was seen, and the fix."""
    from time import perf_counter

    begun = perf_counter()
    try:
        launch()
    except (SandboxError, OSError) as error:
        seen, _, fix = str(error).partition(" - ")
        return False, seen, fix
    return True, f"{what}: {(perf_counter() - begun) * 1000:.0f} ms", ""


def _limit_reached(stage: str) -> NotAllowed:
    kinds = {
        "net": ("net",),
        "make its own mounts and hostname": ("mnt", "uts"),
        "make a container": ("pid", "ipc", "cgroup", "mnt", "uts"),
    }.get(stage, ("user", "pid"))
    keys = [f"user.max_{kind}_namespaces" for kind in kinds]
    now = " and ".join(f"{key} is {_read(key)}" for key in keys)
    lowest = min(keys, key=lambda key: int(_read(key) or 0))
    return NotAllowed(f"too many namespaces: {now}", f"sudo sysctl -w {lowest}={ENOUGH_NAMESPACES}")


def _read(key: str) -> str | None:
    try:
        with open(f"/proc/sys/{key.replace('.', '/')}", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return None


def _mount_points() -> list[str]:
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        return [line.split()[4] for line in file]
