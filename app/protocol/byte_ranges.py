"""Range requests on bytes: which parts of a representation are asked for (RFC 9110 14)."""

import re

from app.protocol.errors import RangeNotSatisfiable
from storage.resource import ByteRange

MAXIMUM_RANGES = 100
"""A header that asks for more ranges is ignored, as RFC 9110 14.2 allows: it is an attack or a mistake."""

_RANGE = re.compile(r"[ \t]*(?:(?P<first>[0-9]{1,18})-(?P<last>[0-9]{0,18})|-(?P<suffix>[0-9]{1,18}))[ \t]*")


def parse_byte_ranges(header: str | None, size: int) -> list[ByteRange]:
    """The ranges asked for that lie within ``size`` bytes, cut to it, in the order asked.

    Empty when there is nothing to honor and the whole representation is the answer: no header, another unit than
    bytes, or a header that cannot be read (RFC 9110 14.2). Raises RangeNotSatisfiable when no range overlaps the bytes.
    """
    unit, _, specifiers = (header or "").partition("=")
    if unit.strip().lower() != "bytes" or specifiers.count(",") >= MAXIMUM_RANGES:
        return []
    found = [_RANGE.fullmatch(specifier) for specifier in specifiers.split(",") if specifier.strip()]
    positions = [_positions(match, size) for match in found if match]
    if not found or len(positions) < len(found) or any(start > last for start, last in positions):
        return []
    ranges = [ByteRange(start, min(last + 1, size)) for start, last in positions if start < size]
    if not ranges:
        raise RangeNotSatisfiable(size)
    return ranges


def content_range(byte_range: ByteRange | None, size: int) -> str:
    """The Content-Range of an answer (RFC 9110 14.4); None stands for the unsatisfied range."""
    if byte_range is None:
        return f"bytes */{size}"
    return f"bytes {byte_range.start}-{byte_range.stop - 1}/{size}"


def _positions(match: re.Match[str], size: int) -> tuple[int, int]:
    """First and last byte position of a range; a suffix of no bytes begins behind the end."""
    if match["suffix"]:
        return max(size - int(match["suffix"]), 0), size
    return int(match["first"]), int(match["last"] or max(size, int(match["first"])))
