"""A DICOM file made of metadata and bulk data, as StoreInstances receives them (PS3.10 7, PS3.18 10.5.1).

The data set is always Explicit VR Little Endian, as all encapsulated transfer syntaxes are, with text in UTF-8. Bulk
data are not read, except for the first bytes of a codestream: the file is a list of pieces, some of which say which
bytes of which part belong there. pydicom's writer is not used, for it needs all values in memory and refuses or warns
about values that real senders have.
"""

import re
from collections.abc import Mapping, Sequence
from struct import pack

from app.dicom.bulk_part import (
    EXPLICIT_VR_LITTLE_ENDIAN,
    BulkPart,
    BulkParts,
    PartRange,
    find_parts,
    pixel_transfer_syntax,
)
from app.dicom.elements import PIXEL_DATA_TAGS
from app.dicom.encapsulation import MAX_LENGTH, encapsulate
from app.dicom.errors import InvalidUID, LimitExceeded, MalformedDataSet, MissingIdentity, UnusableInstance
from app.dicom.limits import DEFAULT_LIMITS, ParseLimits
from app.dicom.transfer_syntax import TRANSFER_SYNTAXES
from app.dicom.uid import is_valid_uid
from app.dicom.value_encoding import decode_inline_binary, encode_values, padding
from app.dicom.vr import EXPLICIT_VRS
from storage.resource import ByteRange

__all__ = ["BulkPart", "BulkParts", "PartRange", "Piece", "length_of", "write_part10"]

Piece = bytes | PartRange
"""Some bytes of a file: at hand, or those of a part."""

IMPLEMENTATION_CLASS_UID = "2.25.269129589515385267645666806236013289143"
"""Names this writer in the file meta information (PS3.7 D.3.3.2)."""
IMPLEMENTATION_VERSION_NAME = "FOVEA"

_TAG = re.compile(r"[0-9A-F]{8}")
_HAS_LONG_LENGTH = dict(EXPLICIT_VRS.values())
"""By VR, whether the length takes four bytes after two reserved ones (PS3.5 7.1.2)."""

MAX_SHORT_LENGTH = 0xFFFF
"""Bytes that a length of two bytes can count. A longer value is written as UN, as PS3.5 6.2.2 has it."""

_SPECIFIC_CHARACTER_SET = "00080005"
_SOP_CLASS_UID = "00080016"
_SOP_INSTANCE_UID = "00080018"
_NUMBER_OF_FRAMES = "00280008"
_EXTENDED_OFFSET_TABLE = 0x7FE00001
_EXTENDED_OFFSET_TABLE_LENGTHS = 0x7FE00002
_PIXEL_DATA = 0x7FE00010
_UTF8: Mapping[str, object] = {"vr": "CS", "Value": ["ISO_IR 192"]}

_NOT_IN_DATA_SET = frozenset({0x0000, 0x0002, 0xFFFE})
"""The groups of command elements, file meta information and delimiters. dcm4che's client sends the second."""
_MADE_ANEW = frozenset({0x00083002, _EXTENDED_OFFSET_TABLE, _EXTENDED_OFFSET_TABLE_LENGTHS})
"""AvailableTransferSyntaxUID, which servers add to metadata, and tables of where frames were in another file."""
_LUT_DESCRIPTORS = frozenset({0x00281101, 0x00281102, 0x00281103, 0x00283002})
"""Of these, the first value is unsigned also where the VR is SS (PS3.3 C.11.1.1.1)."""

_UNDEFINED_LENGTH = 0xFFFFFFFF
_ITEM_START = bytes.fromhex("FEFF00E0FFFFFFFF")
_ITEM_END = bytes.fromhex("FEFF0DE000000000")
_SEQUENCE_END = bytes.fromhex("FEFFDDE000000000")


def write_part10(
    document: Mapping[str, object],
    bulk: BulkParts,
    limits: ParseLimits = DEFAULT_LIMITS,
    most_bytes: int | None = None,
) -> Sequence[Piece]:
    """The pieces of the file, in order, for a DICOM JSON object and the parts that its BulkDataURIs name.

    ``most_bytes`` is how long the file may be, for many attributes can name the same part. The document is what a
    client has sent: nothing is taken for granted. Everything that can fail has failed before this returns. Raises
    UnusableInstance: MalformedDataSet where the document breaks the model or a part is absent,
    MissingIdentity, InvalidUID, UnknownTransferSyntax and LimitExceeded.
    """
    try:
        writer = _Writer(bulk, limits)
        writer.write_data_set({**document, _SPECIFIC_CHARACTER_SET: _UTF8}, limits.max_depth)
        pieces = [_file_meta(document, writer.transfer_syntax_uid()), *writer.pieces()]
        if most_bytes is not None and length_of(pieces) > most_bytes:
            raise LimitExceeded(f"The file would be longer than the {most_bytes} bytes that are left to it.")
        return pieces
    except UnusableInstance as error:
        error.sop_class_uid = _text(document, _SOP_CLASS_UID)
        error.sop_instance_uid = _text(document, _SOP_INSTANCE_UID)
        raise


def length_of(pieces: Sequence[Piece]) -> int:
    """The length of a file in bytes."""
    return sum(len(piece if isinstance(piece, bytes) else piece.byte_range) for piece in pieces)


class _Writer:
    """Writes one data set; gathers the transfer syntaxes of the pixel data met on the way."""

    def __init__(self, bulk: BulkParts, limits: ParseLimits) -> None:
        self._bulk = bulk
        self._max_depth = limits.max_depth
        self._pieces: list[Piece] = []
        self._bytes = bytearray()
        self._pixel_transfer_syntaxes: set[str] = set()

    def pieces(self) -> list[Piece]:
        """What has been written."""
        return [*self._pieces, bytes(self._bytes)]

    def transfer_syntax_uid(self) -> str:
        """The one that all pixel data are in. Raises MalformedDataSet when they differ."""
        if len(self._pixel_transfer_syntaxes) > 1:
            syntaxes = ", ".join(sorted(self._pixel_transfer_syntaxes))
            raise MalformedDataSet(f"The pixel data are in different transfer syntaxes: {syntaxes}.")
        return next(iter(self._pixel_transfer_syntaxes), EXPLICIT_VR_LITTLE_ENDIAN)

    def write_data_set(self, attributes: Mapping[str, object], depth: int) -> None:
        """Write the elements in ascending order; ``depth`` is how many more sequences may be inside one another."""
        for key in sorted(attributes):
            if not _TAG.fullmatch(key):
                raise MalformedDataSet(f"{key[:40]!r} is not a tag of eight upper-case hexadecimal digits.")
            tag = int(key, 16)
            if tag >> 16 in _NOT_IN_DATA_SET or not tag & 0xFFFF or tag in _MADE_ANEW:
                continue
            attribute = _UTF8 if key == _SPECIFIC_CHARACTER_SET else attributes[key]
            try:
                self._write_attribute(tag, attribute, attributes, depth)
            except ValueError as error:
                raise MalformedDataSet(f"The attribute {key} cannot be stored: {error}.") from error

    def _write_attribute(self, tag: int, attribute: object, data_set: Mapping[str, object], depth: int) -> None:
        if not isinstance(attribute, Mapping):
            raise ValueError("it is not a JSON object")
        vr = attribute.get("vr")
        if not isinstance(vr, str) or vr not in _HAS_LONG_LENGTH:
            raise ValueError("its vr is absent or unknown")
        uri, inline = attribute.get("BulkDataURI"), attribute.get("InlineBinary")
        if uri is not None:
            self._write_bulk(tag, vr, uri, data_set, depth)
        elif vr == "SQ":
            self._write_sequence(tag, _values(attribute), depth)
        elif inline is not None:
            self._note_native(tag, depth)
            self._bytes += _element(tag, vr, decode_inline_binary(vr, inline))
        else:
            values = _values(attribute)
            if values and tag in _LUT_DESCRIPTORS and vr == "SS":
                values = _signed_first(values)
            self._bytes += _element(tag, vr, encode_values(vr, values) if values else b"")

    def _write_sequence(self, tag: int, items: Sequence[object], depth: int) -> None:
        """Sequence and items of undefined length, for the lengths of bulk data inside need not be added up then."""
        if depth <= 0:
            raise LimitExceeded("The sequences lie too deep in one another.")
        self._bytes += _header(tag, "SQ", _UNDEFINED_LENGTH)
        for item in items:
            if not isinstance(item, Mapping):
                raise ValueError("an item is not a JSON object")
            self._bytes += _ITEM_START
            self.write_data_set(item, depth - 1)
            self._bytes += _ITEM_END
        self._bytes += _SEQUENCE_END

    def _write_bulk(self, tag: int, vr: str, uri: object, data_set: Mapping[str, object], depth: int) -> None:
        if vr == "SQ" or not isinstance(uri, str):
            raise ValueError("its BulkDataURI is not a string, or it is a sequence")
        parts = find_parts(self._bulk, uri)
        syntax = pixel_transfer_syntax(parts) if tag == _PIXEL_DATA else EXPLICIT_VR_LITTLE_ENDIAN
        if syntax != EXPLICIT_VR_LITTLE_ENDIAN:
            self._write_encapsulated(parts, syntax, data_set)
            return
        self._note_native(tag, depth)
        if len(parts) > 1:
            raise ValueError("uncompressed bulk data come in one part, not several")
        length = parts[0].source.size
        if length > MAX_LENGTH:
            raise LimitExceeded("A value of 4 GB or more cannot be stored.")
        self._bytes += _header(tag, vr, length + length % 2)
        self._write_piece(PartRange(parts[0], ByteRange(0, length)))
        self._bytes += padding(vr, length)

    def _note_native(self, tag: int, depth: int) -> None:
        """An icon may be native in an encapsulated file, but not the image itself (PS3.5 A.4)."""
        if tag in PIXEL_DATA_TAGS and depth == self._max_depth:
            self._pixel_transfer_syntaxes.add(EXPLICIT_VR_LITTLE_ENDIAN)

    def _write_encapsulated(self, parts: Sequence[BulkPart], syntax: str, data_set: Mapping[str, object]) -> None:
        is_video = syntax in TRANSFER_SYNTAXES and TRANSFER_SYNTAXES[syntax].is_video
        expected = 1 if is_video else _number_of_frames(data_set)
        if len(parts) != expected:
            raise ValueError(f"its frames are {expected}, but {len(parts)} parts have come, one of which is one frame")
        self._pixel_transfer_syntaxes.add(syntax)
        pixel_data = encapsulate(parts, is_video=is_video)
        if pixel_data.offsets:
            self._bytes += _element(_EXTENDED_OFFSET_TABLE, "OV", pixel_data.offsets)
            self._bytes += _element(_EXTENDED_OFFSET_TABLE_LENGTHS, "OV", pixel_data.lengths)
        self._bytes += _header(_PIXEL_DATA, "OB", _UNDEFINED_LENGTH)
        for piece in pixel_data.value:
            self._write_piece(piece)

    def _write_piece(self, piece: Piece) -> None:
        if isinstance(piece, bytes):
            self._bytes += piece
            return
        self._pieces += [bytes(self._bytes), piece]
        self._bytes.clear()


def _header(tag: int, vr: str, length: int) -> bytes:
    """Tag, VR and length of an element in Explicit VR Little Endian (PS3.5 7.1.2)."""
    if not _HAS_LONG_LENGTH[vr] and length > MAX_SHORT_LENGTH:
        vr = "UN"
    encoded_length = pack("<HL", 0, length) if _HAS_LONG_LENGTH[vr] else pack("<H", length)
    return pack("<HH", tag >> 16, tag & 0xFFFF) + vr.encode() + encoded_length


def _element(tag: int, vr: str, value: bytes) -> bytes:
    return _header(tag, vr, len(value)) + value


def _values(attribute: Mapping[str, object]) -> Sequence[object]:
    values = attribute.get("Value") or []
    if not isinstance(values, list):
        raise ValueError("its Value is not an array")
    return values


def _signed_first(values: Sequence[object]) -> Sequence[object]:
    first, *rest = values
    return [first - 0x10000 if isinstance(first, int) and first > 0x7FFF else first, *rest]


def _number_of_frames(data_set: Mapping[str, object]) -> int:
    """NumberOfFrames; 1 where it is absent. Raises ValueError."""
    attribute = data_set.get(_NUMBER_OF_FRAMES)
    values = _values(attribute) if isinstance(attribute, Mapping) else []
    return int(encode_values("IS", values[:1]) or 1)


def _text(document: Mapping[str, object], key: str) -> str | None:
    """The first value of an attribute, where it is a text that is not empty."""
    attribute = document.get(key)
    values = attribute.get("Value") if isinstance(attribute, Mapping) else None
    value = values[0] if isinstance(values, list) and values else None
    return value.strip() or None if isinstance(value, str) else None


def _file_meta(document: Mapping[str, object], transfer_syntax_uid: str) -> bytes:
    """Preamble, prefix and file meta information (PS3.10 7.1)."""
    elements = (
        _element(0x00020001, "OB", b"\0\1"),
        _element(0x00020002, "UI", _uid(document, _SOP_CLASS_UID, "SOPClassUID")),
        _element(0x00020003, "UI", _uid(document, _SOP_INSTANCE_UID, "SOPInstanceUID")),
        _element(0x00020010, "UI", encode_values("UI", [transfer_syntax_uid])),
        _element(0x00020012, "UI", encode_values("UI", [IMPLEMENTATION_CLASS_UID])),
        _element(0x00020013, "SH", encode_values("SH", [IMPLEMENTATION_VERSION_NAME])),
    )
    content = b"".join(elements)
    return bytes(128) + b"DICM" + _element(0x00020000, "UL", pack("<L", len(content))) + content


def _uid(document: Mapping[str, object], key: str, keyword: str) -> bytes:
    uid = _text(document, key)
    if uid is None:
        raise MissingIdentity(f"The data set has no {keyword}.")
    if not is_valid_uid(uid):
        raise InvalidUID(f"{keyword}: not a UID of digits and dots with at most 64 characters.")
    return encode_values("UI", [uid])
