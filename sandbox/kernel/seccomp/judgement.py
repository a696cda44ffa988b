"""What a contained command may ask of the kernel: every system call there is, judged.

The measure is Docker's default profile (seccomp/default.json of moby/profiles) for a container without capabilities,
made tighter where no ordinary program is the poorer for it: nothing is typed into a terminal, no clock is adjusted, no
segment of 16 or 32 bits is made, sockets are of four families.
"""

from __future__ import annotations

import errno

from .decision import ALLOW, EQUALS, HAS_ANY_BIT, Test, argument, is_any_of, refuse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from .decision import Decision

ALLOWED = """
read write open close stat fstat lstat poll lseek pread64 pwrite64 readv writev access pipe select dup dup2 dup3 pipe2
sendfile fcntl flock fsync fdatasync truncate ftruncate getdents getdents64 getcwd chdir fchdir rename mkdir rmdir creat
link unlink symlink readlink chmod fchmod chown fchown lchown umask statfs fstatfs openat openat2 mkdirat fchownat
futimesat newfstatat unlinkat renameat renameat2 linkat symlinkat readlinkat fchmodat fchmodat2 faccessat faccessat2
pselect6 ppoll splice tee vmsplice sync sync_file_range syncfs utime utimes utimensat fallocate fadvise64 readahead
preadv pwritev preadv2 pwritev2 copy_file_range statx close_range cachestat name_to_handle_at file_getattr file_setattr
setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr removexattr lremovexattr
fremovexattr setxattrat getxattrat listxattrat removexattrat statmount listmount mknod mknodat

mmap mprotect munmap brk mremap msync mincore madvise mlock munlock mlockall munlockall mlock2 remap_file_pages
memfd_create memfd_secret membarrier pkey_mprotect pkey_alloc pkey_free map_shadow_stack mseal

rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigqueueinfo rt_tgsigqueueinfo rt_sigsuspend
sigaltstack signalfd signalfd4 pause kill tkill tgkill pidfd_open pidfd_send_signal restart_syscall

fork vfork execve execveat exit exit_group wait4 waitid set_tid_address set_robust_list get_robust_list
futex futex_waitv futex_wake futex_wait futex_requeue rseq rseq_slice_yield arch_prctl prctl seccomp
landlock_create_ruleset landlock_add_rule landlock_restrict_self process_mrelease uretprobe uprobe

getpid getppid gettid getpgid getpgrp setpgid getsid setsid getuid geteuid getgid getegid setuid setgid setreuid
setregid getgroups setgroups setresuid getresuid setresgid getresgid setfsuid setfsgid capget capset

nanosleep getitimer setitimer alarm gettimeofday time times clock_gettime clock_getres clock_nanosleep timer_create
timer_settime timer_gettime timer_getoverrun timer_delete timerfd_create timerfd_settime timerfd_gettime

sched_yield sched_setparam sched_getparam sched_setscheduler sched_getscheduler sched_get_priority_max
sched_get_priority_min sched_rr_get_interval sched_setaffinity sched_getaffinity sched_setattr sched_getattr
getpriority setpriority ioprio_set ioprio_get getrlimit setrlimit prlimit64 getrusage sysinfo uname getcpu getrandom

connect accept accept4 sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg shutdown bind listen getsockname getpeername
setsockopt getsockopt

shmget shmat shmctl shmdt semget semop semctl semtimedop msgget msgsnd msgrcv msgctl
mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr

eventfd eventfd2 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 inotify_init inotify_init1
inotify_add_watch inotify_rm_watch io_setup io_destroy io_getevents io_submit io_cancel io_pgetevents
"""

# To each its own reason, and EPERM: programs know it from containers, and most have another way.
REFUSED = """
mount umount2 pivot_root chroot open_tree open_tree_attr move_mount fsopen fsconfig fsmount fspick mount_setattr
unshare setns listns
bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register fanotify_init fanotify_mark
ptrace process_vm_readv process_vm_writev process_madvise kcmp pidfd_getfd
add_key request_key keyctl
open_by_handle_at
clock_settime settimeofday adjtimex clock_adjtime
kexec_load kexec_file_load reboot init_module finit_module delete_module swapon swapoff
quotactl quotactl_fd acct syslog vhangup sethostname setdomainname
iopl ioperm modify_ldt
get_mempolicy set_mempolicy set_mempolicy_home_node mbind migrate_pages move_pages
lsm_get_self_attr lsm_set_self_attr lsm_list_modules
ustat sysfs
"""

# As if the kernel had none. The flags of clone3 lie in memory, where no filter can read them: with ENOSYS the C library
# takes clone instead. The others no kernel has, or none has any longer.
ABSENT = """
clone3
uselib _sysctl create_module get_kernel_syms query_module nfsservctl getpmsg putpmsg afs_syscall tuxcall security
set_thread_area get_thread_area lookup_dcookie epoll_ctl_old epoll_wait_old vserver
"""

# What a capability that was given back is good for, as Docker has it: capabilities(7).
OPENED_BY = {
    "sys_admin": """mount umount2 pivot_root open_tree open_tree_attr move_mount fsopen fsconfig fsmount fspick
        mount_setattr unshare setns clone sethostname setdomainname quotactl quotactl_fd fanotify_init fanotify_mark""",
    "sys_chroot": "chroot",
    "sys_nice": "get_mempolicy set_mempolicy set_mempolicy_home_node mbind",
    "sys_ptrace": "ptrace process_vm_readv process_vm_writev process_madvise kcmp pidfd_getfd",
    "dac_read_search": "open_by_handle_at",
    "syslog": "syslog",
}

# include/uapi/linux/sched.h: CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
NEW_NAMESPACES = 0x7E02_0000
# include/uapi/asm-generic/ioctls.h: what puts keystrokes into a terminal for whoever reads it next, the host's shell.
TIOCSTI, TIOCLINUX = 0x5412, 0x541C
# include/uapi/linux/personality.h: PER_LINUX, PER_LINUX32, each with UNAME26; and what asks for the present one.
PERSONALITIES = (0, 0x8, 0x2_0000, 0x2_0008, 0xFFFF_FFFF)
# include/linux/socket.h, include/uapi/linux/netlink.h
AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET = 1, 2, 10, 16, 17
NETLINK_ROUTE = 0
OF_SOCK_PACKET = 0x8  # a bit that SOCK_PACKET alone has of all types

# include/uapi/linux/stat.h: S_ISUID, S_ISGID. Where a call has the mode of a file, by its argument.
SETUID_OR_SETGID = 0o6000
MODES = {"chmod": 1, "fchmod": 1, "fchmodat": 2, "fchmodat2": 2, "creat": 1, "mknod": 1, "mknodat": 2}
# Of these the mode counts only where a file may be made; include/uapi/asm-generic/fcntl.h: O_CREAT, __O_TMPFILE.
FLAGS_AND_MODES = {"open": (1, 2), "openat": (2, 3)}
MAKES_A_FILE = 0x40 | 0x40_0000

EPERM, ENOSYS = refuse(errno.EPERM), refuse(errno.ENOSYS)


def decisions(capabilities: Collection[str] = (), *, writes_last: bool = False) -> dict[str, Decision]:
    """What is decided about each call by its name, for who has these capabilities: "sys_chroot".

    Where `writes_last`, because something of the host's may be written to, no file is given away by a set-user-ID bit:
    it means nothing inside, and would outside.
    """
    judged: dict[str, Decision] = {
        **dict.fromkeys(ALLOWED.split(), ALLOW),
        **dict.fromkeys(REFUSED.split(), EPERM),
        **dict.fromkeys(ABSENT.split(), ENOSYS),
        "clone": Test(argument(0), HAS_ANY_BIT, NEW_NAMESPACES, EPERM, ALLOW),
        "ioctl": is_any_of(argument(1), (TIOCSTI, TIOCLINUX), EPERM, ALLOW),
        "personality": is_any_of(argument(0), PERSONALITIES, ALLOW, EPERM),
        "socket": _socket(capabilities),
        "socketpair": Test(argument(0), EQUALS, AF_UNIX, ALLOW, refuse(errno.EAFNOSUPPORT)),
    }
    if writes_last and "fsetid" not in capabilities:
        judged.update(_without_setuid())
    for capability in capabilities:
        judged.update(dict.fromkeys(OPENED_BY.get(capability, "").split(), ALLOW))
    return judged


def _without_setuid() -> dict[str, Decision]:
    """No program makes one by accident. Of openat2 the mode lies in memory, so it is as if the kernel had none."""

    def plain(mode: int) -> Decision:
        return Test(argument(mode), HAS_ANY_BIT, SETUID_OR_SETGID, EPERM, ALLOW)

    makes = {
        name: Test(argument(flags), HAS_ANY_BIT, MAKES_A_FILE, plain(mode), ALLOW)
        for name, (flags, mode) in FLAGS_AND_MODES.items()
    }
    return {**{name: plain(mode) for name, mode in MODES.items()}, **makes, "openat2": ENOSYS}


def _socket(capabilities: Collection[str]) -> Decision:
    """The errors are those of a kernel without the family or protocol, for which programs are prepared."""
    unsupported = refuse(errno.EAFNOSUPPORT)
    families = [AF_UNIX, AF_INET6]
    ipv4: Decision = Test(argument(1), HAS_ANY_BIT, OF_SOCK_PACKET, unsupported, ALLOW)
    netlink: Decision = Test(argument(2), EQUALS, NETLINK_ROUTE, ALLOW, refuse(errno.EPROTONOSUPPORT))
    if "net_raw" in capabilities:
        # SOCK_PACKET of AF_INET is turned into AF_PACKET by __sock_create() of net/socket.c.
        families, ipv4 = [*families, AF_PACKET], ALLOW
    if "net_admin" in capabilities:
        netlink = ALLOW
    others = Test(argument(0), EQUALS, AF_NETLINK, netlink, unsupported)
    return is_any_of(argument(0), families, ALLOW, Test(argument(0), EQUALS, AF_INET, ipv4, others))
