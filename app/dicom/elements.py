"""The data elements of a data set, read from the bytes of a file (PS3.5 chapter 7).

One pass, in bounded memory: values that will be bulk data are stepped over, and each item of a sequence is handed on as
soon as it is read. What is tolerated is what pydicom's reader tolerates (``pydicom.filereader``): a switch between
explicit and implicit VR, an unknown VR, lengths that lie, a value that the end of the file cuts off.
"""

import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from struct import Struct

from app.dicom.byte_source import Window
from app.dicom.character_set import DEFAULT_ENCODINGS, Encodings, encodings_of
from app.dicom.errors import LimitExceeded, MalformedDataSet
from app.dicom.fragments import ITEM, SEQUENCE_DELIMITER, UNDEFINED_LENGTH, Fragments, read_fragments
from app.dicom.limits import ParseLimits
from app.dicom.vr import DICTIONARY_VRS, EXPLICIT_VRS, creator_tag, vr_of

ITEM_DELIMITER = 0xFFFEE00D
SPECIFIC_CHARACTER_SET = 0x00080005
PIXEL_DATA = 0x7FE00010
PIXEL_DATA_TAGS = frozenset({0x7FE00008, 0x7FE00009, PIXEL_DATA})
"""FloatPixelData, DoubleFloatPixelData and PixelData: bulk data whatever their length."""

INLINE_BINARY_LENGTH = 1024
"""Bytes of a binary value that is kept in the metadata; a longer one is bulk data."""

INLINE_VALUE_LENGTH = 1024 * 1024
"""The same for the other VRs that PS3.18 F.2.2 allows to be bulk data."""

BINARY_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN", "OB or OW", "US or OW", "US or SS or OW"})
OTHER_BULK_VRS = frozenset(
    {"DS", "FL", "FD", "IS", "LT", "SL", "SS", "ST", "SV", "UC", "UL", "US", "UT", "UV", "US or SS"}
)


REMEMBERED_LENGTH = 64
REMEMBERED_ELEMENTS = 8192
"""Elements that are remembered: values up to this length, and so many of them. The instances of a series share most of
theirs, and to find one again takes a fraction of the time that it takes to be read and written as JSON."""


@dataclass(slots=True)
class Element:
    """One data element. Not frozen: thousands are made, and frozen ones cost four times as much.

    ``start`` and ``stop`` are the offsets of its value; those of one that data sets share tell only its length.
    ``value`` is None where the value was stepped over; ``items`` are the items of a sequence, as the reader's
    ``finish_item`` made them. Nothing is changed but ``written``.
    """

    vr: str
    start: int
    stop: int
    value: bytes | None
    items: list[bytes] | None = None
    written: tuple[Encodings, dict[str, object]] | None = None
    """The element in DICOM JSON, once it was written so, and the character sets in which it was."""


@dataclass(slots=True)
class DataSet:
    """A data set, or an item of a sequence: its elements by tag, and how their values are encoded."""

    explicit_vr: bool
    little_endian: bool
    encodings: Encodings = DEFAULT_ENCODINGS
    parent: "DataSet | None" = None
    path: str = ""
    """The place of an item, such as ``00480105/0/``; empty for the data set itself."""
    elements: dict[int, Element] = field(default_factory=dict)


class DataSetReader:
    """Reads data sets through a window on a source.

    ``finish_item`` is called with each item of a sequence, inner items first; what it returns takes the item's place.
    After reading, ``fragments`` holds those of the data set's Pixel Data, if it is encapsulated, and ``is_cut_off``
    tells whether the last value should go on where the bytes end.
    """

    def __init__(self, window: Window, limits: ParseLimits, finish_item: Callable[[DataSet], bytes]) -> None:
        self.window = window
        self.fragments: Fragments | None = None
        self.is_cut_off = False
        self._limits = limits
        self._finish_item = finish_item
        self._elements_left = limits.max_elements
        self._long_values_left = limits.max_metadata
        self._depth = 0

    def read(self, data_set: DataSet, position: int, only_group: int | None = None) -> int:
        """Read elements into ``data_set`` from ``position`` to the end, or while they are of ``only_group``.

        Returns where it ended. Raises MalformedDataSet, LimitExceeded; ``data_set`` then holds what was read before.
        """
        end = self.window.size
        try:
            return self._read_elements(data_set, position, end, end, only_group)
        except struct.error as error:
            raise MalformedDataSet("The data set ends in the middle of a data element.") from error

    def _read_elements(  # noqa: C901, PLR0912, PLR0915 - one loop, see the comment in it
        self, data_set: DataSet, position: int, stop: int, limit: int, only_group: int | None = None
    ) -> int:
        """Read the elements of one level; return where they end.

        ``stop`` is where the item should end by its length, ``limit`` where the bytes end: pydicom lets an element lie
        across the end of its item, but never across the end of the sequence of defined length around it, or of the
        file.
        """
        # The one hot loop of an ingest: everything it needs is a local name, and what is rare is done elsewhere.
        window, elements, explicit = self.window, data_set.elements, data_set.explicit_vr
        data, base = window.data, window.base
        header, long_length = _HEADERS[explicit, data_set.little_endian], _LENGTHS[data_set.little_endian]
        implicit_header = _HEADERS[False, data_set.little_endian]
        remembered = _remembered(explicit, data_set.little_endian)
        while position < stop and position + 8 <= limit:
            at = position - base
            if at < 0 or at + 12 > len(data):
                self._check_limits(data_set)
                window.move(position)
                data, base, at = window.data, position, 0
            start = position + 8
            said_vr: str | None = None
            if explicit:
                group, number, code, length = header(data, at)
            else:
                group, number, length = header(data, at)
            tag = group << 16 | number
            if tag == ITEM_DELIMITER:
                return start
            if group != only_group and only_group is not None:
                return position
            self._elements_left -= 1
            # Of a VR with a long length the first eight bytes alone, which are never remembered.
            whole = data[at : at + 8 + length] if length <= REMEMBERED_LENGTH else b""
            element = remembered.get(whole)
            if element is not None and start + length <= limit:
                elements[tag] = element
                position = start + length
                continue
            if explicit:
                known = EXPLICIT_VRS.get(code)
                if known is not None:
                    said_vr, is_long = known
                    if is_long:
                        (length,) = long_length(data, at + 8)
                        start, whole = position + 12, b""
                elif b"AA" <= code <= b"ZZ":
                    said_vr, whole = "UN", b""
                else:
                    group, number, length = implicit_header(data, at)
                    whole = b""
            vr = DICTIONARY_VRS.get(tag) if said_vr is None else said_vr
            if vr is None or vr == "UN":
                vr, whole = _vr(data_set, tag, said_vr, length), b""
            position = start + length
            if vr != "SQ" and length <= INLINE_BINARY_LENGTH and position - base <= len(data) and position <= limit:
                value = data[start - base : position - base]
                if whole and tag not in _NOT_SHARED and len(remembered) < REMEMBERED_ELEMENTS:
                    remembered[whole] = elements[tag] = Element(vr, 0, length, value)
                else:
                    elements[tag] = Element(vr, start, position, value)
            else:
                elements[tag], position = self._rare_element(data_set, tag, said_vr, vr, start, length, limit)
                data, base = window.data, window.base
            if tag == SPECIFIC_CHARACTER_SET:
                data_set.encodings = encodings_of(elements[tag].value or b"")
        return position

    def _rare_element(
        self, data_set: DataSet, tag: int, said_vr: str | None, vr: str, start: int, length: int, limit: int
    ) -> tuple[Element, int]:
        """A sequence, or a value that is long, cut off or of undefined length; and the offset behind it."""
        self._check_limits(data_set)
        if length == UNDEFINED_LENGTH:
            return self._undefined_length(data_set, tag, said_vr, start, limit)
        stop = min(start + length, limit)
        self.is_cut_off |= start + length > self.window.size
        if vr == "SQ":
            return Element(vr, start, stop, None, self._defined_items(data_set, tag, start, stop)), stop
        return Element(vr, start, stop, self._long_value(vr, start, stop)), stop

    def _check_limits(self, data_set: DataSet) -> None:
        """Checked where the window moves or a level begins, so often enough to stay near the limits."""
        if self._elements_left < 0 or len(data_set.elements) > self._limits.max_elements_per_data_set:
            raise LimitExceeded("The data set has too many data elements.")

    def _long_value(self, vr: str, start: int, stop: int) -> bytes | None:
        """A value that is not at hand; None for one that will be bulk data."""
        length = stop - start
        if (vr in BINARY_VRS and length > INLINE_BINARY_LENGTH) or (
            vr in OTHER_BULK_VRS and length > INLINE_VALUE_LENGTH
        ):
            return None
        self._long_values_left -= length
        if length > self._limits.max_value_length or self._long_values_left < 0:
            raise LimitExceeded(f"Values are too long to be metadata, one of VR {vr} has {length} bytes.")
        return self.window.read(start, stop)

    def _undefined_length(
        self, data_set: DataSet, tag: int, said_vr: str | None, start: int, limit: int
    ) -> tuple[Element, int]:
        """An element of undefined length, and the offset behind its delimiter."""
        vr = said_vr or DICTIONARY_VRS.get(tag)
        # UN of undefined length is a sequence (PS3.5 6.2.2); so is what is unknown and begins with an item.
        if vr in {"SQ", "UN"} or (vr is None and self._item_at(start, data_set.little_endian)):
            items: list[bytes] = []
            end = self._read_items(data_set, tag, start, limit, limit, items)
            if end is None:
                raise MalformedDataSet(f"The sequence {_name(tag)} ends before its delimiter.")
            return Element("SQ", start, end, None, items), end
        fragments = read_fragments(
            self.window,
            start,
            limit,
            little_endian=data_set.little_endian,
            max_fragments=min(self._limits.max_fragments, max(self._elements_left, 0)),
        )
        if vr is None:
            vr = vr_of(tag, _private_creator(data_set, tag))
        if tag == PIXEL_DATA and vr == "OB or OW":
            vr = "OB"
        self._elements_left -= len(fragments.starts)
        # Pixel Data that ends with the file is complete but for its delimiter, which some writers forget.
        if fragments.is_whole or (fragments.is_open and tag == PIXEL_DATA):
            stop = fragments.stop
            if tag == PIXEL_DATA and data_set.parent is None:
                self.fragments = fragments
        else:
            stop = self._find_delimiter(tag, start, limit, data_set.little_endian)
        return Element(vr, start, stop, self._long_value(vr, start, stop)), min(stop + 8, limit)

    def _item_at(self, position: int, little_endian: bool) -> bool:
        return self.window.peek(position, 4) == _tag_bytes(ITEM, little_endian)

    def _find_delimiter(self, tag: int, start: int, limit: int, little_endian: bool) -> int:
        """Search for the Sequence Delimitation Item behind a value of undefined length that is not made of items."""
        delimiter = _tag_bytes(SEQUENCE_DELIMITER, little_endian)
        position = start
        while position + 8 <= limit:
            self.window.move(position)
            found = self.window.data.find(delimiter)
            if found >= 0 and position + found + 4 <= limit:
                return position + found
            position += len(self.window.data) - 3
        raise MalformedDataSet(f"The value of {_name(tag)} ends before its delimiter.")

    def _defined_items(self, data_set: DataSet, tag: int, start: int, stop: int) -> list[bytes]:
        """The items of a sequence of defined length; those before the first that cannot be read."""
        items: list[bytes] = []
        # Its length tells where the data set goes on, so one bad sequence does not cost the instance.
        with suppress(MalformedDataSet, struct.error):
            self._read_items(data_set, tag, start, stop, stop, items)
        return items

    def _read_items(
        self, parent: DataSet, tag: int, position: int, stop: int, limit: int, items: list[bytes]
    ) -> int | None:
        """Read items to the sequence's delimiter or to ``stop``; return the offset behind the delimiter, if any."""
        self._depth += 1
        if self._depth > self._limits.max_depth:
            raise LimitExceeded(f"Sequences are nested more than {self._limits.max_depth} deep.")
        try:
            return self._read_items_of_level(parent, tag, position, stop, limit, items)
        finally:
            self._depth -= 1

    def _read_items_of_level(
        self, parent: DataSet, tag: int, position: int, stop: int, limit: int, items: list[bytes]
    ) -> int | None:
        header = _HEADERS[False, parent.little_endian]
        while position + 8 <= limit:
            group, number, length = header(self.window.peek(position, 8), 0)
            position += 8
            if group << 16 | number == SEQUENCE_DELIMITER:
                return position
            # Whatever the tag is, it is taken for an item, as pydicom does.
            item = DataSet(
                parent.explicit_vr and self._looks_explicit(position, limit),
                parent.little_endian,
                parent.encodings,
                parent,
                f"{parent.path}{tag:08X}/{len(items)}/",
            )
            item_stop = limit if length == UNDEFINED_LENGTH else position + length
            position = self._read_elements(item, position, item_stop, limit)
            items.append(self._finish_item(item))
            self._elements_left -= 1
            self._check_limits(item)
            if position >= stop:
                break
        return None

    def _looks_explicit(self, position: int, limit: int) -> bool:
        """Whether the element at ``position`` has a VR: an item of an unknown sequence may have none (PS3.5 6.2.2)."""
        return position + 6 > limit or looks_like_vr(self.window.peek(position, 6)[4:])


def looks_like_vr(code: bytes) -> bool:
    """Whether two bytes are capital letters (or ``[``, as pydicom has it); fewer bytes tell nothing and pass."""
    return all(0x40 < byte < 0x5B for byte in code)


def _vr(data_set: DataSet, tag: int, said_vr: str | None, length: int) -> str:
    """The VR by the dictionary, where the file says none or UN (PS3.5 6.2.2).

    A known attribute in UN keeps it when it is too long for its own VR's two bytes of length, as in pydicom.
    """
    if said_vr == "UN" and 0xFFFF <= length < UNDEFINED_LENGTH and not tag & 0x10000:
        return "UN"
    return DICTIONARY_VRS.get(tag) or vr_of(tag, _private_creator(data_set, tag))


_LONGEST_CREATOR = 256
"""Bytes of a private creator that is looked up; an LO has up to 64 characters (PS3.5 6.2)."""


def _private_creator(data_set: DataSet, tag: int) -> str:
    creator = creator_tag(tag)
    element = data_set.elements.get(creator) if creator is not None else None
    if element is None or not element.value or len(element.value) > _LONGEST_CREATOR:
        return ""
    return element.value.decode("latin-1").rstrip("\0 ")


def _tag_bytes(tag: int, little_endian: bool) -> bytes:
    return _HEADER_STRUCTS[False, little_endian].pack(tag >> 16, tag & 0xFFFF, 0)[:4]


def _name(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


_NOT_SHARED = PIXEL_DATA_TAGS | {0x7FE00001, 0x7FE00002, SPECIFIC_CHARACTER_SET}
"""Of pixels and the Extended Offset Table it matters where they are, and of the character sets that they were met."""


@lru_cache(maxsize=4)
def _all_remembered(explicit_vr: bool, little_endian: bool) -> dict[bytes, Element]:
    return {}


def _remembered(explicit_vr: bool, little_endian: bool) -> dict[bytes, Element]:
    """The elements met before in data sets of this encoding, by their bytes. They are as they are by these alone."""
    remembered = _all_remembered(explicit_vr, little_endian)
    if len(remembered) >= REMEMBERED_ELEMENTS:
        remembered.clear()
    return remembered


_HEADER_STRUCTS = {
    (True, True): Struct("<HH2sH"),
    (True, False): Struct(">HH2sH"),
    (False, True): Struct("<HHL"),
    (False, False): Struct(">HHL"),
}
"""The first eight bytes of a data element, by explicit VR and little endian."""

_HEADERS = {encoding: form.unpack_from for encoding, form in _HEADER_STRUCTS.items()}
_LENGTHS = {True: Struct("<L").unpack_from, False: Struct(">L").unpack_from}
