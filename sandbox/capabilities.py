"""Capabilities by name: capabilities(7). Pure."""

from __future__ import annotations

from .errors import RequestError

# By number, without their CAP_: include/uapi/linux/capability.h
NAMES = """
chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service
net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin
sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override
mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore
"""


def canonical(name: str) -> str:
    """The name as it stands in NAMES of CAP_NET_RAW, net_raw... Raises RequestError when there is none such."""
    wanted = name.lower().removeprefix("cap_")
    known = NAMES.split()
    if wanted in known:
        return wanted
    from difflib import get_close_matches

    near = get_close_matches(wanted, known, 1)
    fix = f"did you mean {near[0].upper()}?" if near else "capabilities(7) lists them, such as NET_RAW"
    raise RequestError(f"{name!r}: no such capability - {fix}")


def number(name: str) -> int:
    """That of a capability by its name. Raises RequestError when there is none such."""
    return NAMES.split().index(canonical(name))
