"""Address space that is given out piece by piece: each subnet lies directly behind the one before."""

from __future__ import annotations

from ..errors import RequestError
from .address import WIDTH, Subnet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Space:
    """The subnets of `whole` that do not overlap with `taken`, from the first on.

    Neighbours are given out one after the other, so that routes to them can be joined to few.
    """

    def __init__(self, whole: Subnet, taken: Iterable[Subnet] = ()) -> None:
        self._whole = whole
        self._width = WIDTH[whole.version]
        self._next = whole.number
        self._taken = [(each.number, self._behind(each)) for each in taken if each.version == whole.version]

    def take(self, hosts: int) -> Subnet:
        """The next subnet with room for so many hosts beside its first and last address. Raises RequestError."""
        size = 1 << (hosts + 1).bit_length()
        first = self._free(size)
        if first + size > self._behind(self._whole):
            raise RequestError(f"{str(self._whole)!r}: too small for all of its subnets - take a larger one")
        self._next = first + size
        return Subnet(self._whole.version, first, self._width - size.bit_length() + 1)

    def _free(self, size: int) -> int:
        """The first address of the next block of this size that is free."""
        first = -(-self._next // size) * size
        while behind := next((end for start, end in self._taken if start < first + size and first < end), None):
            first = -(-behind // size) * size
        return first

    def _behind(self, subnet: Subnet) -> int:
        return subnet.number + (1 << self._width - subnet.prefix)
