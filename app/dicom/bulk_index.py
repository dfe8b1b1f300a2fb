"""Where the values are that the metadata only points to: bulk data by its attribute path."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from app.dicom.compact_json import dumps
from storage.resource import ByteRange


@dataclass(frozen=True, slots=True)
class BulkValue:
    """The value field of one data element, in the stored file.

    ``byte_range`` is the whole value field. Of encapsulated Pixel Data (``encapsulated``) that is the basic offset
    table and all fragments with their item headers, which is not bulk data of the web (PS3.18 8.7.3.3.2): its answer is
    made of the frames' ranges in the frame index. ``word_size`` is the number of bytes of the units whose byte order is
    reversed, because the file is big endian; 1 when the bytes can be given as they are. ``encodings`` are the Python
    codecs of a text; empty when it is UTF-8 or no text at all: as bulk data a text is UTF-8 (PS3.18 F.2.2 Note 4), see
    ``app.dicom.character_set.decode``.
    """

    vr: str
    byte_range: ByteRange
    encapsulated: bool = False
    word_size: int = 1
    encodings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BulkIndex:
    """All bulk values of an instance by their path, which also ends their URL.

    A path is a tag, and before it for each sequence around it the sequence's tag and the item's number, counted from 0:
    ``7FE00010``, ``00480105/0/00282000``. ``deflated_from`` is the offset in the file at which the deflate stream of
    the data set begins; the ranges then count bytes of the inflated data set (see ``app.dicom.deflated``). It is None
    for all other files.
    """

    values: Mapping[str, BulkValue] = field(default_factory=dict)
    deflated_from: int | None = None

    def find(self, path: str) -> BulkValue | None:
        """The bulk value at a path; None when there is none."""
        return self.values.get(path)

    def to_bytes(self) -> bytes:
        """The index as it is stored; empty when there is no bulk value."""
        if not self.values:
            return b""
        rows = {
            path: [value.vr, *_ends(value.byte_range), value.encapsulated, value.word_size, *value.encodings]
            for path, value in self.values.items()
        }
        return dumps([self.deflated_from, rows])

    @classmethod
    def from_bytes(cls, data: bytes) -> "BulkIndex":
        """What ``to_bytes`` gave."""
        if not data:
            return cls()
        deflated_from, rows = orjson.loads(data)
        return cls({path: _value(*row) for path, row in rows.items()}, deflated_from)


def _ends(byte_range: ByteRange) -> tuple[int, int]:
    return byte_range.start, byte_range.stop


def _value(vr: str, start: int, stop: int, encapsulated: bool, word_size: int, *encodings: str) -> BulkValue:
    return BulkValue(vr, ByteRange(start, stop), encapsulated, word_size, encodings)
