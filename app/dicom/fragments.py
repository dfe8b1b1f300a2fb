"""Encapsulated Pixel Data as it lies in the file: a basic offset table and fragments, each in an item (PS3.5 A.4)."""

from array import array
from dataclasses import dataclass, field
from struct import unpack

from app.dicom.byte_source import Window
from app.dicom.errors import LimitExceeded

ITEM = 0xFFFEE000
SEQUENCE_DELIMITER = 0xFFFEE0DD
UNDEFINED_LENGTH = 0xFFFFFFFF

_AHEAD = 4096
"""Bytes read with an item's header: little, for the next header usually is far away."""


@dataclass(slots=True)
class Fragments:
    """The items of a value of undefined length.

    ``starts`` and ``lengths`` are those of the items' contents, the basic offset table being the first item. ``stop``
    is the offset behind the last item; ``delimited`` tells whether the Sequence Delimitation Item follows there.
    """

    starts: "array[int]" = field(default_factory=lambda: array("Q"))
    lengths: "array[int]" = field(default_factory=lambda: array("I"))
    stop: int = 0
    delimited: bool = False


def read_fragments(
    window: Window, start: int, limit: int, *, little_endian: bool, max_fragments: int
) -> Fragments | None:
    """The items from ``start`` on; None when the bytes up to ``limit`` are not a run of whole items.

    Raises LimitExceeded.
    """
    fragments = Fragments()
    header = "<HHL" if little_endian else ">HHL"
    position = start
    while position + 8 <= limit:
        group, element, length = unpack(header, window.peek(position, 8, _AHEAD))
        tag = group << 16 | element
        if tag == SEQUENCE_DELIMITER:
            fragments.stop, fragments.delimited = position, True
            return fragments
        position += 8
        if tag != ITEM or length == UNDEFINED_LENGTH or position + length > limit:
            return None
        if len(fragments.starts) > max_fragments:
            raise LimitExceeded(f"Pixel Data has more than {max_fragments} fragments.")
        fragments.starts.append(position)
        fragments.lengths.append(length)
        position += length
    fragments.stop = position
    return fragments if position == limit and fragments.starts else None
