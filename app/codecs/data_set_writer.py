"""A data set as it was read, written in another encoding: VR, byte order and lengths change, values do not."""

from collections.abc import Callable
from struct import pack

from app.codecs.errors import TranscodingNotPossible
from app.dicom.ambiguous_vr import resolve
from app.dicom.elements import PIXEL_DATA, DataSet, Element
from app.dicom.fragments import ITEM, SEQUENCE_DELIMITER, UNDEFINED_LENGTH
from app.dicom.json_writer import word_size
from app.dicom.native_bytes import swap_words
from app.dicom.part10_writer import MAX_SHORT_LENGTH
from app.dicom.transfer_syntax import TransferSyntax
from app.dicom.vr import AMBIGUOUS_VRS, EXPLICIT_VRS

MAX_WRITTEN = 256 << 20
"""Bytes of a data set without its pixel data at most: it is held in memory."""

_HAS_LONG_LENGTH = dict(EXPLICIT_VRS.values())
_NOT_WRITTEN = frozenset({0x0000, 0x0002, 0xFFFE})
"""The groups of command elements, file meta information and delimiters."""


def _nothing(start: int, stop: int) -> bytes:
    return b""


class DataSetWriter:
    """Writes elements that a ``DataSetReader`` has read in the encoding of a transfer syntax.

    ``read`` gives bytes of the source by start and stop, for values that the reader stepped over. Group lengths are
    left out: they would be wrong, and the standard has retired them (PS3.5 7.2).
    """

    def __init__(self, syntax: TransferSyntax, read: Callable[[int, int], bytes] = _nothing) -> None:
        self._syntax = syntax
        self._order = "<" if syntax.little_endian else ">"
        self._read = read
        self._bytes_left = MAX_WRITTEN

    def item(self, item: DataSet) -> bytes:
        """An item of a sequence with its header: what the reader's ``finish_item`` wants."""
        content = b"".join(self.element(tag, item.elements[tag], item) for tag in sorted(item.elements))
        return self._tag(ITEM) + pack(f"{self._order}L", len(content)) + content

    def element(self, tag: int, element: Element, data_set: DataSet) -> bytes:
        """One element of a data set; nothing for one that does not belong there. Raises TranscodingNotPossible."""
        if not tag & 0xFFFF or tag >> 16 in _NOT_WRITTEN:
            return b""
        vr = resolve(tag, element.vr, data_set) if element.vr in AMBIGUOUS_VRS else element.vr
        if vr == "SQ":
            return self.written(tag, vr, b"".join(element.items or ()))
        self._bytes_left -= element.stop - element.start
        if self._bytes_left < 0:
            raise TranscodingNotPossible(
                f"A data set of more than {MAX_WRITTEN >> 20} MB without pixels is not changed."
            )
        value = element.value if element.value is not None else self._read(element.start, element.stop)
        if tag == PIXEL_DATA and self._is_encapsulated(element, data_set):
            # An icon stays as it is: its own attributes say what it is.
            return self.header(tag, vr, UNDEFINED_LENGTH) + value + self._tag(SEQUENCE_DELIMITER) + bytes(4)
        if data_set.little_endian != self._syntax.little_endian:
            value = swap_words(value, word_size(tag, vr, data_set))
        return self.written(tag, vr, value + b"\0" * (len(value) % 2))

    def written(self, tag: int, vr: str, value: bytes) -> bytes:
        """An element with a value in the byte order of the transfer syntax."""
        if self._syntax.explicit_vr and not _HAS_LONG_LENGTH[vr] and len(value) > MAX_SHORT_LENGTH:
            vr = "UN"
        return self.header(tag, vr, len(value)) + value

    def header(self, tag: int, vr: str, length: int) -> bytes:
        """Tag, VR where it is explicit, and length of an element (PS3.5 7.1)."""
        if not self._syntax.explicit_vr:
            return self._tag(tag) + pack(f"{self._order}L", length)
        form = "HL" if _HAS_LONG_LENGTH[vr] else "H"
        fields = (0, length) if _HAS_LONG_LENGTH[vr] else (length,)
        return self._tag(tag) + vr.encode() + pack(self._order + form, *fields)

    def _tag(self, tag: int) -> bytes:
        return pack(f"{self._order}HH", tag >> 16, tag & 0xFFFF)

    def _is_encapsulated(self, element: Element, data_set: DataSet) -> bool:
        order = "<" if data_set.little_endian else ">"
        return self._read(element.start - 4, element.start) == pack(f"{order}L", UNDEFINED_LENGTH)
