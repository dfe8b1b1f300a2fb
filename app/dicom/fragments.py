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
    is the offset behind the last item. ``is_whole`` tells whether the value is made of items up to its delimiter;
    ``is_open`` whether it is so up to the end of the bytes, but no delimiter follows.
    """

    starts: "array[int]" = field(default_factory=lambda: array("Q"))
    lengths: "array[int]" = field(default_factory=lambda: array("I"))
    stop: int = 0
    is_whole: bool = False
    is_open: bool = False


def read_fragments(window: Window, start: int, limit: int, *, little_endian: bool, max_fragments: int) -> Fragments:
    """The items from ``start`` to the Sequence Delimitation Item, or to ``limit``, or to what is no item.

    Raises LimitExceeded.
    """
    fragments = Fragments(stop=start)
    header = "<HHL" if little_endian else ">HHL"
    while fragments.stop + 8 <= limit:
        group, element, length = unpack(header, window.peek(fragments.stop, 8, _AHEAD))
        tag = group << 16 | element
        if tag == SEQUENCE_DELIMITER:
            fragments.is_whole = True
            return fragments
        content = fragments.stop + 8
        if tag != ITEM or length == UNDEFINED_LENGTH or content + length > limit:
            return fragments
        if len(fragments.starts) > max_fragments:
            raise LimitExceeded(f"Pixel Data has more than {max_fragments} fragments.")
        fragments.starts.append(content)
        fragments.lengths.append(length)
        fragments.stop = content + length
    fragments.is_open = fragments.stop == limit
    return fragments
