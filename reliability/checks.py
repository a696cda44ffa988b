"""All checks, in the order in which they are carried out."""

from __future__ import annotations

from collections.abc import Mapping

from .check import Maker
from .requests import requests

CHECKS: Mapping[str, Maker] = {
    "requests": requests,
}
