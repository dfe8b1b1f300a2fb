"""A stored file with its data set in another transfer syntax, all but the pixel data (PS3.10 7, PS3.5 A)."""

from collections.abc import Mapping
from dataclasses import dataclass
from struct import pack
from types import MappingProxyType

from app.codecs.changes import LOSSY_TAGS, Change
from app.codecs.data_set_writer import DataSetWriter
from app.codecs.pixels import FLOAT_TAGS
from app.dicom.ambiguous_vr import resolve
from app.dicom.bulk_part import EXPLICIT_VR_LITTLE_ENDIAN
from app.dicom.byte_source import ByteSource, Window
from app.dicom.deflated import inflated_source
from app.dicom.elements import PIXEL_DATA, DataSet, DataSetReader
from app.dicom.file_meta import FileMeta, is_explicit, read_file_meta
from app.dicom.json_writer import word_size
from app.dicom.limits import DEFAULT_LIMITS
from app.dicom.native_bytes import swap_words
from app.dicom.part10_writer import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from app.dicom.transfer_syntax import TransferSyntax, transfer_syntax
from app.dicom.value_encoding import encode_values
from app.dicom.values import WORD_SIZES
from app.dicom.vr import AMBIGUOUS_VRS
from storage.resource import ByteRange

_PIXEL_TAGS = (PIXEL_DATA, *(int(tag, 16) for tag in FLOAT_TAGS))
_OFFSET_TABLES = frozenset({0x7FE00001, 0x7FE00002, 0x7FE00003})
"""Extended Offset Table, its lengths, and Encapsulated Pixel Data Value Total Length: true of the stored file only."""
_SOP_CLASS_UID, _SOP_INSTANCE_UID = 0x00080016, 0x00080018
_GROUP_LENGTH = 0x00020000
_LOSSY_IMAGE_COMPRESSION = 0x00282110
_NO_CHANGES: Mapping[int, Change] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class StoredPixels:
    """Native pixel data as it is stored: its element, and where its value is.

    The range counts bytes of the inflated data set where the file is deflated. ``word_size`` is that of the units that
    a change of byte order reverses.
    """

    tag: int
    vr: str
    byte_range: ByteRange
    word_size: int


@dataclass(frozen=True, slots=True)
class RewrittenFile:
    """The bytes of a file before, and behind its pixel data element, which is the caller's to write.

    ``meta`` is all before the data set, which a deflated transfer syntax does not deflate; ``before`` ends where the
    element begins. ``pixels`` is None where there is none, or where it is encapsulated. ``deflated_from`` is where
    the deflate stream begins in the stored file, None where there is none.
    """

    meta: bytes
    before: bytes
    pixels: StoredPixels | None
    after: bytes
    writer: DataSetWriter
    deflated_from: int | None


def rewrite(source: ByteSource, target_uid: str, changes: Mapping[int, Change] = _NO_CHANGES) -> RewrittenFile:
    """Read a stored file and write it in the transfer syntax ``target_uid``, with some attributes changed.

    Raises UnusableInstance where the file cannot be read, TranscodingNotPossible where it is too large.
    """
    window = Window(source)
    meta = read_file_meta(window, DEFAULT_LIMITS)
    position = meta.position
    if meta.syntax.deflated:
        window, position = Window(inflated_source(source, position, DEFAULT_LIMITS)), 0
    target = transfer_syntax(target_uid)
    writer = DataSetWriter(target, window.read)
    reader = DataSetReader(window, DEFAULT_LIMITS, writer.item)
    data_set = DataSet(is_explicit(window, position, meta.syntax.explicit_vr), meta.syntax.little_endian)
    reader.read(data_set, position)
    if _value(data_set, _LOSSY_IMAGE_COMPRESSION).strip() == b"01":
        changes = {tag: change for tag, change in changes.items() if tag not in LOSSY_TAGS}
    pixel_tag = next((tag for tag in _PIXEL_TAGS if tag in data_set.elements), PIXEL_DATA)
    pixels = None if reader.fragments is not None else _stored_pixels(data_set, pixel_tag)
    tags = sorted((data_set.elements.keys() | changes.keys()) - _OFFSET_TABLES - {pixel_tag})
    written = {tag: _element(writer, tag, data_set, changes, target) for tag in tags}
    return RewrittenFile(
        meta=_file_meta(meta, data_set, target_uid),
        before=b"".join(written[tag] for tag in tags if tag < pixel_tag),
        pixels=pixels,
        after=b"".join(written[tag] for tag in tags if tag > pixel_tag),
        writer=writer,
        deflated_from=meta.position if meta.syntax.deflated else None,
    )


def _stored_pixels(data_set: DataSet, tag: int) -> StoredPixels | None:
    element = data_set.elements.get(tag)
    if element is None:
        return None
    vr = resolve(tag, element.vr, data_set) if element.vr in AMBIGUOUS_VRS else element.vr
    return StoredPixels(tag, vr, ByteRange(element.start, element.stop), word_size(tag, vr, data_set))


def _element(
    writer: DataSetWriter, tag: int, data_set: DataSet, changes: Mapping[int, Change], target: TransferSyntax
) -> bytes:
    if tag not in changes:
        return writer.element(tag, data_set.elements[tag], data_set)
    vr, value = changes[tag]
    return writer.written(tag, vr, value if target.little_endian else swap_words(value, WORD_SIZES.get(vr, 1)))


def _file_meta(stored: FileMeta, data_set: DataSet, target_uid: str) -> bytes:
    """Preamble, prefix and file meta information: what is stored, but for who has written it and how (PS3.10 7.1)."""
    elements = {
        0x00020001: ("OB", b"\0\1"),
        0x00020002: ("UI", _value(data_set, _SOP_CLASS_UID)),
        0x00020003: ("UI", _value(data_set, _SOP_INSTANCE_UID)),
        **{tag: (element.vr, element.value or b"") for tag, element in stored.elements.elements.items()},
        0x00020010: ("UI", encode_values("UI", [target_uid])),
        0x00020012: ("UI", encode_values("UI", [IMPLEMENTATION_CLASS_UID])),
        0x00020013: ("SH", encode_values("SH", [IMPLEMENTATION_VERSION_NAME])),
    }
    elements.pop(_GROUP_LENGTH, None)
    writer = DataSetWriter(transfer_syntax(EXPLICIT_VR_LITTLE_ENDIAN))
    content = b"".join(writer.written(tag, *elements[tag]) for tag in sorted(elements))
    return bytes(128) + b"DICM" + writer.written(_GROUP_LENGTH, "UL", pack("<L", len(content))) + content


def _value(data_set: DataSet, tag: int) -> bytes:
    element = data_set.elements.get(tag)
    return element.value or b"" if element is not None else b""
