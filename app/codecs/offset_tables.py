"""Encapsulated Pixel Data of one fragment for each frame: its items, and where each frame begins (PS3.5 A.4)."""

from collections.abc import Sequence
from itertools import accumulate
from struct import pack

SEQUENCE_END = bytes.fromhex("FEFFDDE000000000")

_ITEM = bytes.fromhex("FEFF00E0")
_ITEM_HEADER_LENGTH = 8
_MAX_OFFSET = 0xFFFFFFFF


def fragment(codestream: bytes) -> bytes:
    """A frame as an item of even length."""
    return item(codestream + b"\0" * (len(codestream) % 2))


def item(content: bytes) -> bytes:
    """An item with its header."""
    return _ITEM + pack("<L", len(content)) + content


def offset_tables(lengths: Sequence[int]) -> tuple[bytes, tuple[bytes, bytes] | None]:
    """The Basic Offset Table for codestreams of these lengths, and Extended Offset Table with Lengths.

    The basic one is empty, and only then are there extended ones, where offsets pass what it can count
    (PS3.3 C.7.6.3.1.8).
    """
    offsets = list(accumulate((_ITEM_HEADER_LENGTH + length + length % 2 for length in lengths[:-1]), initial=0))
    count = len(offsets)
    if offsets[-1] <= _MAX_OFFSET:
        return pack(f"<{count}L", *offsets), None
    return b"", (pack(f"<{count}Q", *offsets), pack(f"<{count}Q", *lengths))
