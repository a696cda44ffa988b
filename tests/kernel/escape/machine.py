"""The kernel and the machine itself: its settings, devices and rarer calls.

None does harm where it is allowed: files are opened and not written, and a call is asked with arguments that fail only
after its caller was found to be allowed.
"""

# ruff: noqa: ARG001 - every probe is told of the bait

from __future__ import annotations

import ctypes
import fcntl
import glob
import os
import stat
from typing import Any

from .common import Refused, first_that_opens, libc, opens, passes, syscall

ENOENT, EBADF, EFAULT, EINVAL, ENOEXEC = 2, 9, 14, 22, 8


def core_pattern(bait: Any) -> str:
    """Name the program that the kernel starts, on the host and as root, when one crashes."""
    return opens("/proc/sys/kernel/core_pattern", os.O_WRONLY)


def modprobe_path(bait: Any) -> str:
    """Name the program that the kernel starts to load a module, or for a device."""
    return first_that_opens(["/proc/sys/kernel/modprobe", "/sys/kernel/uevent_helper"], os.O_WRONLY)


def memory_settings(bait: Any) -> str:
    """Change how the machine uses its memory."""
    return opens("/proc/sys/vm/overcommit_memory", os.O_WRONLY)


def sysrq(bait: Any) -> str:
    """Crash or reboot the machine by a file."""
    return opens("/proc/sysrq-trigger", os.O_WRONLY)


def adjust_the_oom_killer(bait: Any) -> str:
    """Be the last to be killed when memory is short."""
    with open("/proc/self/oom_score_adj", "r+", encoding="utf-8") as file:
        before = file.read()
        file.write("-999")
        file.flush()
        file.write(before)
    return "oom_score_adj"


def release_agent(bait: Any) -> str:
    """Name the program that the kernel starts, on the host and as root, when a cgroup becomes empty."""
    return first_that_opens(glob.glob("/sys/fs/cgroup/**/release_agent", recursive=True)[:9], os.O_WRONLY)


def cgroup_of_the_host(bait: Any) -> str:
    """Move processes to another cgroup, past its limits."""
    found = glob.glob("/sys/fs/cgroup/cgroup.procs") + glob.glob("/sys/fs/cgroup/*/cgroup.procs")
    return first_that_opens(found, os.O_WRONLY)


def settings_in_sys(bait: Any) -> str:
    """Change a setting of the kernel in /sys."""
    found = ["/sys/power/state", "/sys/kernel/mm/transparent_hugepage/enabled", "/sys/kernel/profiling"]
    return first_that_opens([*found, *glob.glob("/sys/block/*/queue/read_ahead_kb")], os.O_WRONLY)


def log_of_the_kernel(bait: Any) -> str:
    """Read the kernel's messages: syslog(2), action 3."""
    text = ctypes.create_string_buffer(16)
    return f"{syscall('syslog', 3, text, 16)} bytes"


def log_by_device(bait: Any) -> str:
    """Read or write the kernel's messages by /dev/kmsg."""
    return first_that_opens(["/dev/kmsg", "/proc/kmsg"])


def memory_of_the_machine(bait: Any) -> str:
    """Read physical memory."""
    return first_that_opens(["/dev/mem", "/proc/kcore", "/dev/port"])


def list_of_keys(bait: Any) -> str:
    """See keys that are not one's own in /proc/keys."""
    with open("/proc/keys", encoding="utf-8") as file:
        lines = [line for line in file if "_uid." in line or "builtin" in line]
    if not lines:
        raise Refused("none seen")
    return f"{len(lines)} keys"


def addresses_of_the_kernel(bait: Any) -> str:
    """Learn where in memory the kernel lies."""
    with open("/proc/kallsyms", encoding="utf-8") as file:
        if int(file.readline().split()[0], 16) == 0:
            raise Refused("zeros")
    return "kallsyms"


def timers_of_all(bait: Any) -> str:
    """See what others do in files that Docker masks."""
    return first_that_opens(["/proc/timer_list", "/proc/sched_debug", "/proc/latency_stats", "/proc/interrupts"])


def disk_by_its_device(bait: Any) -> str:
    """Read the disk past its file system."""
    for path in glob.glob("/dev/*"):
        if stat.S_ISBLK(os.stat(path).st_mode):
            return opens(path)
    raise Refused("none there")


def disk_by_a_new_device(bait: Any) -> str:
    """Make a device of one's own for the disk, or for the kernel's messages: mknod(2)."""
    path = f"/tmp/{bait['mark']}-device"
    last: OSError | None = None
    for kind, device in ((stat.S_IFBLK, bait["disk"]), (stat.S_IFCHR, (1, 11))):
        try:
            os.mknod(path, kind | 0o600, os.makedev(*device))
            try:
                return opens(path)
            finally:
                os.unlink(path)
        except OSError as error:
            last = error
    raise last or Refused("none there")


def other_devices(bait: Any) -> str:
    """Open a device that a container has no use for."""
    names = (
        "kvm",
        "fuse",
        "loop-control",
        "mapper/control",
        "vhost-net",
        "vsock",
        "hwrng",
        "rtc0",
        "ttyS0",
        "snapshot",
    )
    return first_that_opens([f"/dev/{name}" for name in names], os.O_RDWR)


def bpf(bait: Any) -> str:
    """Make a map for programs in the kernel: BPF_MAP_CREATE of an array."""
    attributes = (ctypes.c_uint * 16)(2, 4, 4, 1)
    return f"descriptor {syscall('bpf', 0, ctypes.byref(attributes), 64)}"


def io_uring(bait: Any) -> str:
    """Ask for work by memory that no filter sees."""
    return f"descriptor {syscall('io_uring_setup', 1, ctypes.create_string_buffer(120))}"


def userfaultfd(bait: Any) -> str:
    """Hold the kernel where it faults."""
    for flags in (os.O_CLOEXEC, os.O_CLOEXEC | 1):  # 1: UFFD_USER_MODE_ONLY, which anybody may
        try:
            return f"descriptor {syscall('userfaultfd', flags)}"
        except OSError as error:
            last = error
    raise last


def perf_events(bait: Any) -> str:
    """Count events: a clock, of this process only and not in the kernel."""
    attributes = (ctypes.c_ulonglong * 16)(1 | 64 << 32, 0, 0, 0, 0, 1 << 5 | 1 << 6)
    return f"descriptor {syscall('perf_event_open', ctypes.byref(attributes), 0, -1, -1, 0)}"


def watch_all_files(bait: Any) -> str:
    """Decide about the opening of files of others: fanotify_init(2), FAN_CLASS_CONTENT."""
    return f"descriptor {syscall('fanotify_init', 4, 0)}"


def new_kernel(bait: Any) -> str:
    """Load another kernel: kexec_load(2) with flags that do not exist."""
    return passes(lambda: syscall("kexec_load", 0, 0, 0, 0x7FFF), EINVAL)


def module(bait: Any) -> str:
    """Load a module: none at all, or from no file."""
    try:
        return passes(lambda: syscall("init_module", 0, 0, b""), EFAULT, EINVAL, ENOEXEC)
    except OSError:
        return passes(lambda: syscall("finit_module", -1, b"", 0), EBADF, EINVAL)


def reboot(bait: Any) -> str:
    """Reboot, with a magic number that is none."""
    return passes(lambda: syscall("reboot", 0, 0, 0, 0), EINVAL)


def clock(bait: Any) -> str:
    """Set the clock: a time zone further away than there are."""

    class Zone(ctypes.Structure):
        _fields_ = (("west", ctypes.c_int), ("summer", ctypes.c_int))

    def attempt() -> None:
        if libc.syscall(164 if os.uname().machine == "x86_64" else 170, None, ctypes.byref(Zone(10_000, 0))):
            raise OSError(ctypes.get_errno(), "settimeofday")

    return passes(attempt, EINVAL)


def speed_of_the_clock(bait: Any) -> str:
    """Adjust the clock: a tick of no length."""
    request = (ctypes.c_longlong * 32)(0x4000)  # ADJ_TICK, and zero for its length
    return passes(lambda: syscall("adjtimex", ctypes.byref(request)), EINVAL)


def swap(bait: Any) -> str:
    """Swap to a file that is not there."""
    return passes(lambda: syscall("swapon", b"/nowhere/at/all", 0), ENOENT)


def accounting(bait: Any) -> str:
    """Have every process written to a file that is not there."""
    return passes(lambda: syscall("acct", b"/nowhere/at/all"), ENOENT)


def ports_of_the_machine(bait: Any) -> str:
    """Speak to devices by ports."""
    return f"iopl {syscall('iopl', 3)}"


def typing(fd: int, request: int) -> str:
    """Types a space into a terminal."""
    if libc.ioctl(fd, ctypes.c_ulong(request), ctypes.c_char_p(b" ")):
        raise OSError(ctypes.get_errno(), "ioctl")
    return "TIOCSTI"


def type_into_the_terminal(bait: Any) -> str:
    """Type a command for the shell that has started this: TIOCSTI."""
    return typing(0, 0x5412)


def type_with_an_upper_half(bait: Any) -> str:
    """The same with bits that the kernel does not look at, but a careless filter does: CVE-2019-10063."""
    return typing(0, 1 << 32 | 0x5412)


def type_by_dev_tty(bait: Any) -> str:
    """The same by the name that every controlling terminal has."""
    return typing(os.open("/dev/tty", os.O_RDWR), 0x5412)


def leave_the_terminal(bait: Any) -> str:
    """Have the terminal of the launcher for its own: what is typed there, and signals to who reads it."""
    return f"group {fcntl.ioctl(os.open('/dev/tty', os.O_RDWR), 0x540F, bytes(4))!r}"


def capabilities(bait: Any) -> str:
    """Have a capability, or be able to get one."""
    with open("/proc/self/status", encoding="utf-8") as file:
        status = dict(line.split(":\t", 1) for line in file)
    found = [name for name in ("CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd") if int(status[name], 16)]
    if not found:
        raise Refused("none")
    return ", ".join(found)


def privileges_by_exec(bait: Any) -> str:
    """Get privileges by what is executed: no_new_privs is not set."""
    with open("/proc/self/status", encoding="utf-8") as file:
        if "NoNewPrivs:\t0" not in file.read():
            raise Refused("no_new_privs")
    return "no_new_privs is not set"


def real_root(bait: Any) -> str:
    """Be uid 0 of the host: root's own files are open to it without any capability."""
    # Who owns a file is shown by one's own user namespace: by 65534, if that knows no name for the owner.
    if os.stat("/etc/shadow").st_uid != os.geteuid() or os.geteuid() == 65534:
        raise Refused("another uid")
    return f"uid {os.geteuid()} owns root's files"


def segments(bait: Any) -> str:
    """Make a segment of one's own: modify_ldt(2), which has had holes. To read the table is as refused."""
    number = {"x86_64": 154}.get(os.uname().machine)
    if number is None or libc.syscall(number, 0, ctypes.create_string_buffer(16), 16) == -1:
        raise OSError(ctypes.get_errno() if number else 38, "modify_ldt")
    return "modify_ldt"
