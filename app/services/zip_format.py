"""The records around the files of a zip archive (ISO/IEC 21320-1, PKWARE APPNOTE 4.3): files stored as they are.

The time of each file is the first that the format knows, so that the same files make the same bytes.
"""

from struct import Struct

MAX_32 = 0xFFFFFFFF
"""The value that sends a reader to the ZIP64 field, which has 8 bytes for it (APPNOTE 4.5.3)."""
MAX_16 = 0xFFFF

_LOCAL = Struct("<4s5H3L2H")
_DESCRIPTOR, _LONG_DESCRIPTOR = Struct("<4s3L"), Struct("<4sL2Q")
_ENTRY = Struct("<4s6H3L5H2L")
_LONG_END = Struct("<4sQ2H2L4Q")
_LOCATOR = Struct("<4sLQL")
_END = Struct("<4s4H2LH")

_PLAIN, _LONG = 20, 45
"""Versions of the format that a reader must know: 2.0, and 4.5 for ZIP64."""
_MADE_ON_UNIX = 3 << 8
_CHECKSUM_BEHIND = 0x0008
_STORED = 0
_FIRST_DATE = 1 << 5 | 1
"""1 January 1980."""
_ORDINARY_FILE = 0o100644 << 16
_LONG_FIELD = 1


def local_header(name: bytes, size: int) -> bytes:
    """What stands before a file of ``size`` bytes; its checksum and size stand behind it (4.3.7)."""
    is_long = size >= MAX_32
    shown = MAX_32 if is_long else 0
    extra = _long_field(0, 0) if is_long else b""
    fixed = _LOCAL.pack(
        b"PK\3\4",
        _LONG if is_long else _PLAIN,
        _CHECKSUM_BEHIND,
        _STORED,
        0,
        _FIRST_DATE,
        0,
        shown,
        shown,
        len(name),
        len(extra),
    )
    return fixed + name + extra


def data_descriptor(size: int, checksum: int) -> bytes:
    """What stands behind a file (4.3.9)."""
    return (_LONG_DESCRIPTOR if size >= MAX_32 else _DESCRIPTOR).pack(b"PK\7\x08", checksum, size, size)


def directory_entry(name: bytes, size: int, start: int, checksum: int) -> bytes:
    """A file in the directory; ``start`` is the offset of its local header (4.3.12)."""
    extra = _long_field(*((size, size) if size >= MAX_32 else ()), *((start,) if start >= MAX_32 else ()))
    version = _LONG if extra else _PLAIN
    shown = min(size, MAX_32)
    fixed = _ENTRY.pack(
        b"PK\1\2",
        _MADE_ON_UNIX | _LONG,
        version,
        _CHECKSUM_BEHIND,
        _STORED,
        0,
        _FIRST_DATE,
        checksum,
        shown,
        shown,
        len(name),
        len(extra),
        0,
        0,
        0,
        _ORDINARY_FILE,
        min(start, MAX_32),
    )
    return fixed + name + extra


def directory_end(count: int, start: int, length: int) -> bytes:
    """What stands behind the directory of ``count`` files, which begins at ``start`` (4.3.14 to 4.3.16)."""
    long = b""
    if count >= MAX_16 or start >= MAX_32 or length >= MAX_32:
        size_behind = _LONG_END.size - 12
        long = _LONG_END.pack(
            b"PK\6\6", size_behind, _MADE_ON_UNIX | _LONG, _LONG, 0, 0, count, count, length, start
        ) + _LOCATOR.pack(b"PK\6\7", 0, start + length, 1)
    shown = min(count, MAX_16)
    return long + _END.pack(b"PK\5\6", 0, 0, shown, shown, min(length, MAX_32), min(start, MAX_32), 0)


def _long_field(*numbers: int) -> bytes:
    """The ZIP64 field with the numbers that have no place elsewhere; nothing without any (4.5.3)."""
    if not numbers:
        return b""
    return Struct(f"<2H{len(numbers)}Q").pack(_LONG_FIELD, 8 * len(numbers), *numbers)
