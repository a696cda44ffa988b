"""All checks, in the order in which they are carried out."""

from __future__ import annotations

from collections.abc import Mapping

from . import addresses, generated, requests
from .check import Maker

CHECKS: Mapping[str, Maker] = {
    "requests": requests.check,
    "grammar": generated.check,
    "addresses": addresses.check,
}
