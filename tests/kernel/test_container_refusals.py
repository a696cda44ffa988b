"""What the kernel says to who makes a container, as what is to be done about it."""

from __future__ import annotations

import errno

import pytest

from sandbox import doctor


@pytest.mark.parametrize(
    ("number", "stage", "said"),
    [
        (errno.ENODEV, "put the files into it", "the kernel has no overlayfs - load it: sudo modprobe overlay"),
        (errno.EINVAL, "put the files into it", "cannot be below an overlay - copy it"),
        (
            errno.EINVAL,
            "open /",
            "'/': a file system in it, such as proc, sysfs or cgroups, takes no other ids - take a",
        ),
        (errno.EROFS, "bind /x", "cannot bind /x in a container: Read-only file system - take a place"),
        (errno.ENOTDIR, "mount /home", "cannot mount /home in a container: Not a directory - take a place"),
        (errno.EEXIST, "mount /run", "cannot mount /run: a link in rootfs leads nowhere - make a directory"),
        (errno.ENOSPC, "start in a", "too many namespaces: user.max_user_namespaces is"),
        (errno.ENOSPC, "make a container", "user.max_cgroup_namespaces"),
        (errno.EPERM, "start in a", "user namespaces are refused, as in a chroot or by a security module"),
    ],
)
def test_a_fix_goes_with_what_was_refused(number: int, stage: str, said: str) -> None:
    refusal = doctor.forbidden(number, stage)
    assert refusal
    assert said in str(refusal)
    assert " - " in str(refusal)


def test_a_masked_proc_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_mount_points", lambda: ["/", "/proc", "/proc/kcore"])
    refusal = doctor.forbidden(errno.EPERM, "mount /proc")
    assert refusal
    assert "/proc is masked in places (/proc/kcore) - run the container with" in str(refusal)


def test_doctor_tries_a_container() -> None:
    checks = {each.name: each for each in doctor.examine()}
    assert checks["contain"].ok
    assert not checks["contain"].needed
    assert not checks["landlock"].needed
