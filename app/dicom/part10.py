"""A received DICOM file, parsed once: identity, index values, DICOM JSON, where frames and bulk data are (PS3.10 7)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.dicom.bulk_index import BulkIndex, BulkValue
from app.dicom.byte_source import ByteSource, BytesSource, Window
from app.dicom.deflated import inflated_source
from app.dicom.elements import PIXEL_DATA, DataSet, DataSetReader, Element, looks_like_vr
from app.dicom.errors import (
    InvalidUID,
    MalformedDataSet,
    MissingIdentity,
    NotAnInstance,
    NotDicom,
    UnknownTransferSyntax,
    UnusableInstance,
)
from app.dicom.frame_boundaries import PixelSource, index_frames
from app.dicom.index_values import first_text, index_values
from app.dicom.json_writer import Attribute, JsonWriter, write
from app.dicom.levels import INSTANCE_KEYS, SERIES_KEYS, STUDY_KEYS
from app.dicom.limits import DEFAULT_LIMITS, ParseLimits
from app.dicom.transfer_syntax import TRANSFER_SYNTAXES, TransferSyntax, transfer_syntax
from app.dicom.uid import is_valid_uid
from app.dicom.vr import EXPLICIT_VRS
from storage.resource import ResourceKey

__all__ = ["DEFAULT_LIMITS", "ByteSource", "BytesSource", "ParseLimits", "ParsedInstance", "parse"]

_PREFIX_AT = 128
_PREFIX = b"DICM"
_META_GROUP = 0x0002
_COMMAND_GROUP = 0x0000
_FIRST_GROUPS = {0x0002, 0x0008}
"""The groups with which a file without preamble may begin, to be taken for DICOM."""

_MEDIA_STORAGE_SOP_CLASS_UID = 0x00020002
_TRANSFER_SYNTAX_UID = 0x00020010
_DIRECTORY_RECORD_SEQUENCE = 0x00041220
_SOP_CLASS_UID = 0x00080016
_SOP_INSTANCE_UID = 0x00080018
_MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"
_IS_DICOMDIR = "This is a DICOMDIR, the directory of a medium. Send the files that it lists instead."

_IMPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2"
_EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
_EXPLICIT_VR_BIG_ENDIAN = "1.2.840.10008.1.2.2"

_AVAILABLE_TRANSFER_SYNTAX_UID = 0x00083002


@dataclass(frozen=True, slots=True)
class ParsedInstance:
    """All that is kept of an instance besides its bytes; see ``storage.records.InstanceRecord``.

    The ``…_attributes`` and ``metadata`` are DICOM JSON objects with BASE_URL_MARK in their URLs. ``frame_index`` and
    ``bulk_index`` are encoded (``FrameIndex``, ``BulkIndex``); ``frame_index`` is empty when the file has no frames, or
    none that can be told apart.
    """

    key: ResourceKey
    sop_class_uid: str
    transfer_syntax_uid: str
    index_values: Mapping[str, tuple[str, ...]]
    study_attributes: bytes
    series_attributes: bytes
    instance_attributes: bytes
    metadata: bytes
    frame_index: bytes
    bulk_index: bytes


def parse(source: ByteSource, limits: ParseLimits = DEFAULT_LIMITS) -> ParsedInstance:
    """Parse a file in one pass, in memory that does not grow with its pixel data.

    Raises UnusableInstance (one of its subclasses) when it cannot be stored, and nothing else but what ``source``
    raises.
    """
    window = Window(source)
    encoding = _read_file_meta(window, limits)
    data_set = DataSet(encoding.syntax.explicit_vr, encoding.syntax.little_endian)
    try:
        if encoding.syntax.deflated:
            window = Window(inflated_source(source, encoding.position, limits))
        return _parse_data_set(window, limits, encoding, data_set)
    except UnusableInstance as error:
        error.sop_class_uid = _uid(data_set, _SOP_CLASS_UID)
        error.sop_instance_uid = _uid(data_set, _SOP_INSTANCE_UID)
        if encoding.syntax.uid in TRANSFER_SYNTAXES or not isinstance(error, MalformedDataSet | MissingIdentity):
            raise
        raise UnknownTransferSyntax(
            f"The transfer syntax {encoding.syntax.uid} is not known here, and the data set cannot be read without it.",
            sop_class_uid=error.sop_class_uid,
            sop_instance_uid=error.sop_instance_uid,
        ) from error


@dataclass(frozen=True, slots=True)
class _Encoding:
    """Where the data set begins in the file, and its transfer syntax."""

    position: int
    syntax: TransferSyntax


def _read_file_meta(window: Window, limits: ParseLimits) -> _Encoding:
    """Read preamble and File Meta Information, or do without them where the data set speaks for itself."""
    position = _after_preamble(window)
    meta = DataSet(explicit_vr=looks_like_vr(window.peek(position, 6)[4:]), little_endian=True)
    reader = DataSetReader(window, limits, _ignore_item)
    position = reader.read(meta, position, only_group=_META_GROUP)
    # Some senders leave the elements of the C-STORE command, always in implicit VR, before the data set.
    position = reader.read(DataSet(explicit_vr=False, little_endian=True), position, only_group=_COMMAND_GROUP)
    if _uid(meta, _MEDIA_STORAGE_SOP_CLASS_UID) == _MEDIA_STORAGE_DIRECTORY:
        raise NotAnInstance(_IS_DICOMDIR)
    uid = _uid(meta, _TRANSFER_SYNTAX_UID)
    if not uid:
        return _Encoding(position, TRANSFER_SYNTAXES[_guess_transfer_syntax(window, position)])
    if not is_valid_uid(uid):
        raise UnknownTransferSyntax("TransferSyntaxUID (0002,0010) is not a UID.")
    return _Encoding(position, transfer_syntax(uid))


def _ignore_item(item: DataSet) -> bytes:
    return b""


def _after_preamble(window: Window) -> int:
    """Where the first data element is: behind the prefix, or at the start of a file that begins with an early group."""
    head = window.read(0, _PREFIX_AT + len(_PREFIX))
    if head[_PREFIX_AT:] == _PREFIX:
        return len(head)
    group = head[:2]
    if int.from_bytes(group, "little") in _FIRST_GROUPS or int.from_bytes(group, "big") in _FIRST_GROUPS:
        return 0
    raise NotDicom(
        "This is not a DICOM file: it has no DICM prefix at byte 128, nor does it begin with a data element."
    )


def _is_explicit(window: Window, position: int, expected: bool) -> bool:
    """Whether the data set is in explicit VR: its first element tells more truly than the transfer syntax."""
    code = window.peek(position, 6)[4:]
    return looks_like_vr(code) if len(code) == 2 else expected


def _guess_transfer_syntax(window: Window, position: int) -> str:
    """The uncompressed transfer syntax in which the first data element makes sense, as pydicom guesses."""
    first = window.peek(position, 6)
    if first[4:] not in EXPLICIT_VRS:
        return _IMPLICIT_VR_LITTLE_ENDIAN
    # Group 0008 in big endian, read as little endian, is 0800.
    return _EXPLICIT_VR_BIG_ENDIAN if int.from_bytes(first[:2], "little") >= 0x0400 else _EXPLICIT_VR_LITTLE_ENDIAN


def _parse_data_set(window: Window, limits: ParseLimits, encoding: _Encoding, data_set: DataSet) -> ParsedInstance:
    writer = JsonWriter(limits)
    reader = DataSetReader(window, limits, writer.item)
    deflated_from = encoding.position if encoding.syntax.deflated else None
    position = encoding.position if deflated_from is None else 0
    data_set.explicit_vr = _is_explicit(window, position, data_set.explicit_vr)
    reader.read(data_set, position)
    if _DIRECTORY_RECORD_SEQUENCE in data_set.elements:
        raise NotAnInstance(_IS_DICOMDIR)
    uid = encoding.syntax.uid.encode()
    data_set.elements[_AVAILABLE_TRANSFER_SYNTAX_UID] = Element("UI", 0, len(uid), uid)
    attributes = writer.attributes(data_set)
    key = _identity(attributes)
    frames = index_frames(PixelSource(data_set, window, reader.fragments, encoding.syntax, deflated_from, limits))
    if reader.fragments is not None or (frames is not None and frames.is_encapsulated):
        _mark_encapsulated(writer.bulk_values)
    return ParsedInstance(
        key=key,
        sop_class_uid=first_text(attributes, f"{_SOP_CLASS_UID:08X}"),
        transfer_syntax_uid=encoding.syntax.uid,
        index_values=index_values(attributes),
        study_attributes=_write_level(attributes, STUDY_KEYS, key),
        series_attributes=_write_level(attributes, SERIES_KEYS, key),
        instance_attributes=_write_level(attributes, INSTANCE_KEYS, key),
        metadata=write(attributes, key),
        frame_index=frames.to_bytes() if frames is not None else b"",
        bulk_index=BulkIndex(writer.bulk_values, deflated_from).to_bytes(),
    )


def _identity(attributes: Mapping[str, Attribute]) -> ResourceKey:
    """The UIDs that name the instance. Raises MissingIdentity, InvalidUID."""
    uids = {keyword: first_text(attributes, key) for keyword, key in _IDENTITY.items()}
    missing = [keyword for keyword, uid in uids.items() if not uid]
    if missing:
        raise MissingIdentity(f"The data set has no {', '.join(missing)}.")
    invalid = [keyword for keyword, uid in uids.items() if not is_valid_uid(uid)]
    if invalid:
        raise InvalidUID(f"{', '.join(invalid)}: not a UID of digits and dots with at most 64 characters.")
    return ResourceKey(uids["StudyInstanceUID"], uids["SeriesInstanceUID"], uids["SOPInstanceUID"])


_IDENTITY = {
    "SOPClassUID": "00080016",
    "SOPInstanceUID": "00080018",
    "StudyInstanceUID": "0020000D",
    "SeriesInstanceUID": "0020000E",
}


def _mark_encapsulated(bulk_values: dict[str, BulkValue]) -> None:
    path = f"{PIXEL_DATA:08X}"
    if path in bulk_values:
        bulk_values[path] = replace(bulk_values[path], encapsulated=True)


def _write_level(attributes: Mapping[str, Attribute], names: tuple[str, ...], key: ResourceKey) -> bytes:
    return write({name: attributes[name] for name in names if name in attributes}, key)


def _uid(data_set: DataSet, tag: int) -> str | None:
    """A UID as the data set has it, valid or not; None when it is absent or empty."""
    element = data_set.elements.get(tag)
    value = element.value if element is not None else None
    return value.decode("latin-1").strip(" \0") or None if value else None
