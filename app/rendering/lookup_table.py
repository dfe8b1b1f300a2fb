"""Look-up tables as sequences and palettes describe them (PS3.3 C.11.1.1, C.7.6.3.1.5)."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from app.rendering.attributes import Attributes

_MAX_ENTRIES = 0x10000


def read_descriptor(descriptor: list[float]) -> tuple[int, int, int] | None:
    """The number of entries, the first input value and the bits of an entry; None when they make no sense."""
    if len(descriptor) != 3:
        return None
    count, first, bits = map(int, descriptor)
    if not 0 <= count <= _MAX_ENTRIES or abs(first) > _MAX_ENTRIES or not 1 <= bits <= 16:
        return None
    # 16 bits have no room for the number 65536.
    return count or _MAX_ENTRIES, first, bits


@dataclass(frozen=True, slots=True)
class LookUpTable:
    """``entries`` are for the input values ``first``, ``first`` + 1 and so on; ``bits`` are those of an entry."""

    first: int
    entries: NDArray[np.unsignedinteger]
    bits: int

    @classmethod
    def read(cls, item: Attributes) -> Self | None:
        """The table of an item with LUTDescriptor and LUTData; None when there is none."""
        return cls.from_data(item.numbers("LUTDescriptor"), item.words("LUTData"))

    @classmethod
    def from_data(cls, descriptor: list[float], data: bytes) -> Self | None:
        """The table by the values of its descriptor; None when there is none."""
        parsed = read_descriptor(descriptor)
        if parsed is None:
            return None
        count, first, bits = parsed
        # Entries of 8 bits come two in a word, or one in a word from writers that did not know better.
        is_packed = bits <= 8 and len(data) < 2 * count
        entries = np.frombuffer(data[: len(data) & ~1], np.uint8 if is_packed else "<u2")[:count]
        if not len(entries):
            return None
        return cls(first, entries, max(bits, int(entries.max()).bit_length()))

    @property
    def maximum(self) -> int:
        """The greatest value that an entry can have."""
        return (1 << self.bits) - 1

    def __call__(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """The entries for values; the first and the last one for what lies outside."""
        indices = np.clip(np.rint(values) - self.first, 0, len(self.entries) - 1)
        return np.asarray(self.entries.take(indices.astype(np.intp)), np.float32)
