"""Bulk data as a client sends it beside its metadata, each value or frame in a part of its own (PS3.18 10.5.1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from app.dicom.byte_source import ByteSource
from app.dicom.codestream import transfer_syntaxes_of
from app.dicom.errors import MalformedDataSet, UnknownTransferSyntax
from app.dicom.transfer_syntax import OCTET_STREAM, TRANSFER_SYNTAXES, transfer_syntax
from storage.resource import ByteRange

EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"


@dataclass(frozen=True, slots=True)
class BulkPart:
    """A part of a store request that holds bulk data.

    ``media_type`` is in lower case and without parameters; ``transfer_syntax_uid`` is its parameter
    ``transfer-syntax``, None where the part has none.
    """

    source: ByteSource
    media_type: str = OCTET_STREAM
    transfer_syntax_uid: str | None = None


@dataclass(frozen=True, slots=True)
class PartRange:
    """Bytes of a part that belong at this place of a file."""

    part: BulkPart
    byte_range: ByteRange


BulkParts = Mapping[str, Sequence[BulkPart]]
"""Parts by their Content-Location, in the order received where several have the same."""

_DEFAULT_TRANSFER_SYNTAXES = {
    "image/jpeg": "1.2.840.10008.1.2.4.70",
    "image/dicom-rle": "1.2.840.10008.1.2.5",
    "image/x-dicom-rle": "1.2.840.10008.1.2.5",
    "image/jls": "1.2.840.10008.1.2.4.80",
    "image/x-jls": "1.2.840.10008.1.2.4.80",
    "image/jp2": "1.2.840.10008.1.2.4.90",
    "image/jpx": "1.2.840.10008.1.2.4.92",
    "image/jphc": "1.2.840.10008.1.2.4.201",
    "image/jxl": "1.2.840.10008.1.2.4.110",
    "video/mpeg": "1.2.840.10008.1.2.4.101",
    "video/mpeg2": "1.2.840.10008.1.2.4.101",
    "video/mp4": "1.2.840.10008.1.2.4.102",
    "video/h265": "1.2.840.10008.1.2.4.107",
}
"""What a media type means where nothing tells more exactly (PS3.18 Table 8.7.3-5); names with x- are older."""


def find_parts(bulk: BulkParts, uri: str) -> Sequence[BulkPart]:
    """The parts that a BulkDataURI names: those located there, else those of its frames, ``…/frames/1`` and on.

    Raises MalformedDataSet when there is none.
    """
    parts = list(bulk.get(uri, ())) or _frames(bulk, uri)
    if not parts:
        raise MalformedDataSet(f"No part has the Content-Location {uri!r}, which a BulkDataURI names.")
    return parts


def _frames(bulk: BulkParts, uri: str) -> list[BulkPart]:
    parts: list[BulkPart] = []
    for number in count(1):
        frame = bulk.get(f"{uri}/frames/{number}")
        if not frame:
            break
        parts.extend(frame)
    return parts


def pixel_transfer_syntax(parts: Sequence[BulkPart]) -> str:
    """The UID of the transfer syntax of pixel data that these parts are; native ones are Explicit VR Little Endian.

    The codestream itself knows best, then the part's parameter, then the media type. Raises MalformedDataSet where the
    parts differ and UnknownTransferSyntax for media types such as image/png that would have to be converted.
    """
    first = parts[0]
    stated = first.transfer_syntax_uid
    if any((part.media_type, part.transfer_syntax_uid) != (first.media_type, stated) for part in parts):
        raise MalformedDataSet("The frames of the pixel data come in parts of different media types.")
    if first.media_type == OCTET_STREAM and (stated is None or not transfer_syntax(stated).encapsulated):
        return EXPLICIT_VR_LITTLE_ENDIAN
    possible = transfer_syntaxes_of(first.source)
    if possible:
        return stated if stated in possible else _likeliest(possible, first.media_type)
    uid = stated or _DEFAULT_TRANSFER_SYNTAXES.get(first.media_type)
    if uid is None or not transfer_syntax(uid).encapsulated:
        raise UnknownTransferSyntax(f"Pixel data of media type {first.media_type} has no transfer syntax here.")
    return uid


def _likeliest(possible: Sequence[str], media_type: str) -> str:
    """The first that goes by the media type, if any does."""
    return next((uid for uid in possible if TRANSFER_SYNTAXES[uid].media_type == media_type), possible[0])
