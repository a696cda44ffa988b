"""All checks, in the order in which they are carried out."""

from __future__ import annotations

from collections.abc import Mapping

from .addresses import addresses
from .check import Maker
from .generated import generated
from .requests import requests

CHECKS: Mapping[str, Maker] = {
    "requests": requests,
    "grammar": generated,
    "addresses": addresses,
}
