"""What this machine allows."""

from __future__ import annotations
from .errors import NotAllowed


def forbidden(errno: int) -> NotAllowed | None:
    return None
