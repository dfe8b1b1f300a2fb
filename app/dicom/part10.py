"""A received DICOM file, parsed once: identity, index values, DICOM JSON, where frames and bulk data are (PS3.10 7)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.dicom.bulk_index import BulkIndex, BulkValue
from app.dicom.byte_source import ByteSource, BytesSource, Window
from app.dicom.deflated import inflated_source
from app.dicom.elements import PIXEL_DATA, DataSet, DataSetReader, Element
from app.dicom.errors import (
    InvalidUID,
    MalformedDataSet,
    MissingIdentity,
    NotAnInstance,
    UnknownTransferSyntax,
    UnusableInstance,
)
from app.dicom.file_meta import IS_DICOMDIR, FileMeta, is_explicit, read_file_meta, uid_of
from app.dicom.frame_boundaries import PixelSource, index_frames
from app.dicom.index_values import first_text, index_values
from app.dicom.json_writer import Attribute, JsonWriter, write
from app.dicom.levels import INSTANCE_KEYS, SERIES_KEYS, STUDY_KEYS
from app.dicom.limits import DEFAULT_LIMITS, ParseLimits
from app.dicom.transfer_syntax import TRANSFER_SYNTAXES
from app.dicom.uid import is_valid_uid
from storage.resource import ResourceKey

__all__ = ["DEFAULT_LIMITS", "ByteSource", "BytesSource", "ParseLimits", "ParsedInstance", "parse"]

_DIRECTORY_RECORD_SEQUENCE = 0x00041220
_SOP_CLASS_UID = 0x00080016
_SOP_INSTANCE_UID = 0x00080018

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
    is_cut_off: bool
    """Whether the file ends in the middle of its last value."""


def parse(source: ByteSource, limits: ParseLimits = DEFAULT_LIMITS) -> ParsedInstance:
    """Parse a file in one pass, in memory that does not grow with its pixel data.

    Raises UnusableInstance (one of its subclasses) when it cannot be stored, and nothing else but what ``source``
    raises.
    """
    window = Window(source)
    encoding = read_file_meta(window, limits)
    data_set = DataSet(encoding.syntax.explicit_vr, encoding.syntax.little_endian)
    try:
        if encoding.syntax.deflated:
            window = Window(inflated_source(source, encoding.position, limits))
        return _parse_data_set(window, limits, encoding, data_set)
    except UnusableInstance as error:
        error.sop_class_uid = uid_of(data_set, _SOP_CLASS_UID)
        error.sop_instance_uid = uid_of(data_set, _SOP_INSTANCE_UID)
        if encoding.syntax.uid in TRANSFER_SYNTAXES or not isinstance(error, MalformedDataSet | MissingIdentity):
            raise
        raise UnknownTransferSyntax(
            f"The transfer syntax {encoding.syntax.uid} is not known here, and the data set cannot be read without it.",
            sop_class_uid=error.sop_class_uid,
            sop_instance_uid=error.sop_instance_uid,
        ) from error


def _parse_data_set(window: Window, limits: ParseLimits, encoding: FileMeta, data_set: DataSet) -> ParsedInstance:
    writer = JsonWriter(limits)
    reader = DataSetReader(window, limits, writer.item)
    deflated_from = encoding.position if encoding.syntax.deflated else None
    position = encoding.position if deflated_from is None else 0
    data_set.explicit_vr = is_explicit(window, position, data_set.explicit_vr)
    reader.read(data_set, position)
    if _DIRECTORY_RECORD_SEQUENCE in data_set.elements:
        raise NotAnInstance(IS_DICOMDIR)
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
        is_cut_off=reader.is_cut_off,
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
