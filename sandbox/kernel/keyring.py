"""Keys that the kernel keeps for a session: keyrings(7)."""

from __future__ import annotations

from . import syscalls

KEYCTL_JOIN_SESSION_KEYRING = 1


def own_session() -> None:
    """Leave the session keyring that was inherited, with the keys in it, for an empty one without a name.

    Raises OSError: ENOSYS where the kernel keeps no keys (CONFIG_KEYS), EDQUOT where the user has too many keyrings.
    """
    syscalls.call("keyctl", KEYCTL_JOIN_SESSION_KEYRING, None)
