"""The filter's table and the program made of it, run as the kernel would, on both machines it is made for."""

from __future__ import annotations

import errno
import functools
import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.kernel import seccomp, syscalls
from sandbox.kernel.seccomp import decision, judgement

from .bpf import Program

X86_64, AARCH64 = 0xC000003E, 0xC00000B7
FOREIGN = {"i386": 0x40000003, "arm": 0x40000028, "aarch64 on x86-64 or the reverse": 0, "riscv64": 0xC00000F3}
ALLOWED, KILLED = 0x7FFF0000, 0x80000000
X32 = 0x40000000
ARCHITECTURES = {"x86_64": X86_64, "aarch64": AARCH64}
MACHINES = pytest.mark.parametrize("machine", ARCHITECTURES)
NUMBER_AND_ARCHITECTURE = {0, 4}
BY_ARGUMENT = ("clone", "ioctl", "personality", "socket", "socketpair")

# What nobody contained may do, whatever else changes.
NEVER = """
    mount umount2 pivot_root chroot open_tree open_tree_attr move_mount fsopen fsconfig fsmount fspick mount_setattr
    unshare setns bpf perf_event_open io_uring_setup io_uring_enter io_uring_register userfaultfd kexec_load
    kexec_file_load init_module finit_module delete_module ptrace process_vm_readv process_vm_writev pidfd_getfd
    add_key request_key keyctl open_by_handle_at clock_settime clock_adjtime adjtimex settimeofday reboot quotactl
    quotactl_fd swapon swapoff acct syslog
"""


def refused(number: int) -> int:
    return 0x00050000 | number


def verdict(
    machine: str, name: str, *arguments: int, capabilities: tuple[str, ...] = (), writes_last: bool = False
) -> int:
    numbers = syscalls.numbers(machine)
    assert numbers
    return program(machine, capabilities, writes_last).run(ARCHITECTURES[machine], numbers[name], arguments)[0]


@functools.cache
def program(machine: str, capabilities: tuple[str, ...] = (), writes_last: bool = False) -> Program:
    packed = seccomp.program(machine, capabilities, writes_last=writes_last)
    assert packed
    return Program(packed)


# The table.


def test_every_call_is_judged_once() -> None:
    lists = [text.split() for text in (judgement.ALLOWED, judgement.REFUSED, judgement.ABSENT)]
    counted = Counter(itertools.chain(*lists, BY_ARGUMENT))
    assert [name for name, times in counted.items() if times > 1] == []
    assert counted.keys() == {name for machine in ARCHITECTURES for name in syscalls.numbers(machine) or ()}


@MACHINES
def test_no_two_calls_have_one_number(machine: str) -> None:
    numbers = syscalls.numbers(machine) or {}
    assert len(set(numbers.values())) == len(numbers)


def test_numbers_are_those_of_the_kernel() -> None:
    """Samples of unistd(2); tests/kernel compares all with the kernel's own headers."""
    x86, arm = syscalls.numbers("x86_64") or {}, syscalls.numbers("aarch64") or {}
    assert (x86["read"], x86["seccomp"], x86["rseq"], x86["clone3"]) == (0, 317, 334, 435)
    assert (arm["io_setup"], arm["seccomp"], arm["rseq"], arm["clone3"]) == (0, 277, 293, 435)
    assert "open" not in arm


def test_an_unknown_machine_has_no_program() -> None:
    assert seccomp.program("riscv64") is None
    assert seccomp.program("x86_64 with 32 bits") is None


def test_who_has_32_bits_is_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert syscalls.machine() in ARCHITECTURES or seccomp.program(syscalls.machine()) is None
    monkeypatch.setattr("sys.maxsize", (1 << 31) - 1)
    assert seccomp.program(syscalls.machine()) is None


def test_a_call_without_a_number_is_an_error_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syscalls, "machine", lambda: "riscv64")
    with pytest.raises(OSError, match="seccomp") as raised:
        syscalls.number("seccomp")
    assert raised.value.errno == errno.ENOSYS


# The program.


@MACHINES
def test_every_number_gets_its_verdict(machine: str) -> None:
    numbers = syscalls.numbers(machine) or {}
    names = {number: name for name, number in numbers.items()}
    expected = {
        **dict.fromkeys(judgement.ALLOWED.split(), ALLOWED),
        **dict.fromkeys(judgement.REFUSED.split(), refused(errno.EPERM)),
        **dict.fromkeys(judgement.ABSENT.split(), refused(errno.ENOSYS)),
    }
    tested = program(machine)
    for number in range(1024):
        name = names.get(number)
        if name not in BY_ARGUMENT:
            for argument in (0, 0x12345678, 2**64 - 1):
                found = tested.run(ARCHITECTURES[machine], number, (argument,) * 6)[0]
                assert found == (expected[name] if name else refused(errno.ENOSYS)), name or number


@MACHINES
@pytest.mark.parametrize("name", NEVER.split())
def test_what_nobody_may_do(machine: str, name: str) -> None:
    for arguments in itertools.product((0, 1, 2**32 - 1, 2**64 - 1), repeat=3):
        assert verdict(machine, name, *arguments) == refused(errno.EPERM)


@MACHINES
def test_a_number_beyond_the_table_is_of_no_call(machine: str) -> None:
    tested = program(machine)
    highest = max((syscalls.numbers(machine) or {}).values())
    for number in (highest + 1, 512, 547, 1 << 16, X32 - 1, X32, X32 + 1, X32 | 520, 2**31, 2**32 - 1):
        assert tested.run(ARCHITECTURES[machine], number)[0] == refused(errno.ENOSYS)
    for name in ("read", "mount", "clone"):
        number = (syscalls.numbers(machine) or {})[name]
        assert tested.run(ARCHITECTURES[machine], number | X32)[0] == refused(errno.ENOSYS)


@MACHINES
def test_who_calls_by_the_convention_of_another_machine_is_killed(machine: str) -> None:
    tested = program(machine)
    others = {*FOREIGN.values(), *ARCHITECTURES.values()} - {ARCHITECTURES[machine]}
    for architecture, number in itertools.product(others, range(512)):
        assert tested.run(architecture, number)[0] == KILLED


@MACHINES
def test_a_new_namespace_is_refused_with_any_other_flag(machine: str) -> None:
    new = {0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000}
    for bit, others in itertools.product(range(64), (0, 17, 0x3D0F00, 0xFFFFFFFF_00000000)):
        expected = refused(errno.EPERM) if 1 << bit in new else ALLOWED
        assert verdict(machine, "clone", 1 << bit | others) == expected
    assert verdict(machine, "clone3", 0x7000, 88) == refused(errno.ENOSYS)


@MACHINES
@pytest.mark.parametrize("request_", [0x5412, 0x541C])
def test_nothing_is_typed_into_a_terminal_whatever_the_upper_half_says(machine: str, request_: int) -> None:
    for upper in (0, 1, 0x8000_0000, 0xFFFF_FFFF):
        assert verdict(machine, "ioctl", 0, upper << 32 | request_) == refused(errno.EPERM)
        assert verdict(machine, "ioctl", request_, upper << 32 | 0x5401, request_) == ALLOWED  # TCGETS


@MACHINES
def test_personalities_are_those_of_docker(machine: str) -> None:
    for persona in (0, 8, 0x20000, 0x20008, 0xFFFFFFFF):
        assert verdict(machine, "personality", persona) == ALLOWED
    for persona in (1, 4, 0x40000, 0x400000, 0x20009, 0xFFFFFFFE):
        assert verdict(machine, "personality", persona) == refused(errno.EPERM)


@MACHINES
def test_sockets_are_of_four_families(machine: str) -> None:
    for family in range(64):
        for kind in (1, 2, 3, 5, 2 | 0x80800):
            expected = ALLOWED if family in (1, 2, 10, 16) else refused(errno.EAFNOSUPPORT)
            assert verdict(machine, "socket", family, kind, 0) == expected
    assert verdict(machine, "socket", 7 << 32 | 2, 1, 0) == ALLOWED  # the kernel reads an int
    assert verdict(machine, "socket", 2 << 32 | 17, 3, 0) == refused(errno.EAFNOSUPPORT)
    # SOCK_PACKET, the packet sockets of Linux 2.0.
    assert verdict(machine, "socket", 2, 10, 0x0300) == refused(errno.EAFNOSUPPORT)
    assert verdict(machine, "socket", 2, 10 | 0x80000, 0x0300) == refused(errno.EAFNOSUPPORT)


@MACHINES
def test_netlink_is_about_routes_only(machine: str) -> None:
    assert verdict(machine, "socket", 16, 3, 0) == ALLOWED
    assert {verdict(machine, "socket", 16, 3, protocol) for protocol in range(1, 32)} == {
        refused(errno.EPROTONOSUPPORT)
    }


@MACHINES
def test_socket_pairs_are_of_one_family(machine: str) -> None:
    assert verdict(machine, "socketpair", 1, 1, 0) == ALLOWED
    assert {verdict(machine, "socketpair", family, 1, 0) for family in (0, *range(2, 64))} == {
        refused(errno.EAFNOSUPPORT)
    }


# What a capability opens.


@MACHINES
def test_a_capability_opens_what_it_is_good_for_and_no_more(machine: str) -> None:
    numbers = syscalls.numbers(machine) or {}
    closed = {name: verdict(machine, name) for name in numbers}
    for capability, names in judgement.OPENED_BY.items():
        opened = {name for name in numbers if verdict(machine, name, capabilities=(capability,)) != closed[name]}
        assert opened == set(names.split()) - {"clone"}
    assert verdict(machine, "clone", 0x10000000, capabilities=("sys_admin",)) == ALLOWED
    assert verdict(machine, "clone3", capabilities=("sys_admin",)) == refused(errno.ENOSYS)


@MACHINES
def test_capabilities_over_the_network_open_sockets(machine: str) -> None:
    assert verdict(machine, "socket", 17, 3, 0, capabilities=("net_raw",)) == ALLOWED
    assert verdict(machine, "socket", 2, 10, 0, capabilities=("net_raw",)) == ALLOWED
    assert verdict(machine, "socket", 38, 5, 0, capabilities=("net_raw",)) == refused(errno.EAFNOSUPPORT)
    assert verdict(machine, "socket", 16, 3, 12, capabilities=("net_admin",)) == ALLOWED
    assert verdict(machine, "socket", 17, 3, 0, capabilities=("net_admin",)) == refused(errno.EAFNOSUPPORT)


# What outlives the container.

O_CREAT, O_TMPFILE = 0o100, 0o20200000


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("fchmod", (3, 0o4755)),
        ("fchmod", (3, 0o2755)),
        ("fchmodat", (3, 0, 0o6755)),
        ("fchmodat2", (3, 0, 0o4711, 0)),
        ("mknodat", (3, 0, 0o104755, 0)),
        ("openat", (3, 0, O_CREAT | 1, 0o4755)),
        ("openat", (3, 0, O_TMPFILE | 2, 0o4755)),
    ],
)
@MACHINES
def test_no_file_that_lasts_is_given_away(machine: str, name: str, arguments: tuple[int, ...]) -> None:
    assert verdict(machine, name, *arguments, writes_last=True) == refused(errno.EPERM)
    assert verdict(machine, name, *arguments) == ALLOWED
    assert verdict(machine, name, *arguments, capabilities=("fsetid",), writes_last=True) == ALLOWED
    harmless = tuple(each & ~0o6000 for each in arguments)
    assert verdict(machine, name, *harmless, writes_last=True) == ALLOWED


@MACHINES
def test_of_an_open_that_makes_nothing_the_mode_is_not_read(machine: str) -> None:
    assert verdict(machine, "openat", 3, 0, 0, 0o6777, writes_last=True) == ALLOWED
    assert verdict(machine, "openat2", writes_last=True) == refused(errno.ENOSYS)


def test_neither_do_the_older_calls_give_one_away() -> None:
    for name, arguments in (("chmod", (0, 0o4755)), ("creat", (0, 0o4755)), ("open", (0, O_CREAT, 0o4755))):
        assert verdict("x86_64", name, *arguments, writes_last=True) == refused(errno.EPERM)


# What it costs.


@MACHINES
def test_the_kernel_can_see_what_is_always_allowed(machine: str) -> None:
    """Such calls pass at no cost from Linux 5.11 on, if nothing but their number and architecture is looked at."""
    numbers = syscalls.numbers(machine) or {}
    tested = program(machine)
    for name in set(judgement.ALLOWED.split()) & numbers.keys():
        _, steps, seen = tested.run(ARCHITECTURES[machine], numbers[name])
        assert seen <= NUMBER_AND_ARCHITECTURE
        assert steps <= 13


@MACHINES
def test_no_call_takes_more_than_a_few_instructions(machine: str) -> None:
    tested = program(machine)
    for number, argument in itertools.product(range(600), (0, 17, 2**32 - 1)):
        assert tested.run(ARCHITECTURES[machine], number, (argument,) * 6)[1] <= 20


# Decisions in general.


@given(st.dictionaries(st.integers(0, 40), st.sampled_from([1, 2, 3])), st.integers(0, 50))
def test_a_search_finds_what_a_table_says(table: dict[int, int], number: int) -> None:
    tested = Program(decision.program(decision.by_number(table, 9)))
    assert tested.run(0, number)[0] == table.get(number, 9)


@given(st.lists(st.integers(0, 2**32 - 1), max_size=8), st.integers(0, 2**32 - 1))
def test_a_word_is_one_of_some_or_it_is_not(some: list[int], word: int) -> None:
    tested = Program(decision.program(decision.is_any_of(decision.argument(2), some, 1, 2)))
    for asked in (word, *some):
        assert tested.run(0, 0, (0, 0, asked))[0] == (1 if asked in some else 2)
