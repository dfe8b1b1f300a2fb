"""Encapsulated Pixel Data: codestreams as fragments, and the tables of where each frame begins (PS3.5 A.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from struct import pack

from app.dicom.bulk_part import BulkPart, PartRange
from app.dicom.codestream import codestream_range
from app.dicom.errors import LimitExceeded

MAX_LENGTH = 0xFFFFFFFE
"""Bytes of a fragment, and of any value of defined length."""

_ITEM = bytes.fromhex("FEFF00E0")
_SEQUENCE_DELIMITER = bytes.fromhex("FEFFDDE000000000")
_ITEM_HEADER_LENGTH = 8
_MAX_OFFSET = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class EncapsulatedPixelData:
    """The value field of Pixel Data.

    ``offsets`` and ``lengths`` are the values of Extended Offset Table and Extended Offset Table Lengths (PS3.3
    C.7.6.3.1.8), to be written before it; empty unless the basic offset table cannot count so far.
    """

    value: list[bytes | PartRange]
    offsets: bytes = b""
    lengths: bytes = b""


def encapsulate(parts: Sequence[BulkPart], *, is_video: bool) -> EncapsulatedPixelData:
    """Each part is a frame of one fragment, or the whole of a video. Raises LimitExceeded for a part of 4 GB."""
    fragments = [PartRange(part, codestream_range(part.source)) for part in parts]
    lengths = [len(fragment.byte_range) for fragment in fragments]
    if max(lengths) > MAX_LENGTH:
        raise LimitExceeded("A frame or a video of 4 GB or more has no place in one fragment.")
    item_lengths = (_ITEM_HEADER_LENGTH + length + length % 2 for length in lengths[:-1])
    offsets = list(accumulate(item_lengths, initial=0))
    if is_video:
        return EncapsulatedPixelData(_value(b"", fragments))
    if offsets[-1] <= _MAX_OFFSET:
        return EncapsulatedPixelData(_value(pack(f"<{len(offsets)}L", *offsets), fragments))
    count = len(offsets)
    return EncapsulatedPixelData(_value(b"", fragments), pack(f"<{count}Q", *offsets), pack(f"<{count}Q", *lengths))


def _value(basic_offset_table: bytes, fragments: Sequence[PartRange]) -> list[bytes | PartRange]:
    value: list[bytes | PartRange] = [_item_header(len(basic_offset_table)) + basic_offset_table]
    for fragment in fragments:
        length = len(fragment.byte_range)
        value += [_item_header(length + length % 2), fragment, b"\0" * (length % 2)]
    value.append(_SEQUENCE_DELIMITER)
    return value


def _item_header(length: int) -> bytes:
    return _ITEM + pack("<L", length)
