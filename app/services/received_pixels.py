"""Pixel data that come without a description, or in a form that is none of DICOM's (PS3.18 10.5.2)."""

import hashlib
from collections.abc import Mapping, Sequence

from app.codecs.errors import UndecodableFrame
from app.codecs.pixels import MAX_FRAME_BYTES
from app.codecs.received_images import IMAGES_CONVERTED, Attributes, convert_images, describe_codestream
from app.dicom.bulk_part import BulkPart, BulkParts, find_parts
from app.dicom.byte_source import BytesSource
from app.dicom.errors import UnusableInstance
from app.workers import CodecFailure, Pixels, run_codec, run_cpu

Document = Mapping[str, object]
"""A DICOM JSON object."""

_PIXEL_DATA = "7FE00010"
_DESCRIPTION = frozenset(
    {"00280002", "00280004", "00280010", "00280011", "00280100", "00280101", "00280102", "00280103"}
)
"""The Image Pixel Description Macro without what only colors have (PS3.3 Table C.7-11c)."""


async def complete_pixels(document: Document, bulk: BulkParts) -> tuple[Document, BulkParts]:
    """The document with its pixels described, and the parts with PNG and GIF made native.

    What the client states of a codestream stands. Pixels that cannot be read are left as they are, to the writer, which
    refuses them or not and knows whose they are.
    """
    attribute = document.get(_PIXEL_DATA)
    uri = attribute.get("BulkDataURI") if isinstance(attribute, Mapping) else None
    if not isinstance(uri, str):
        return document, bulk
    try:
        parts = find_parts(bulk, uri)
        if parts[0].media_type in IMAGES_CONVERTED:
            return await _converted(document, bulk, uri, parts)
        if parts[0].media_type.startswith("image/") and not document.keys() >= _DESCRIPTION:
            return {**await run_cpu(_described, parts[0]), **document}, bulk
    except (UnusableInstance, UndecodableFrame, CodecFailure):
        pass
    return document, bulk


async def _converted(
    document: Document, bulk: BulkParts, uri: str, parts: Sequence[BulkPart]
) -> tuple[Document, BulkParts]:
    media_type = parts[0].media_type
    files, digest = await run_cpu(_read, parts)
    described, frames = await run_codec(Pixels(digest, f"a received {media_type}"), convert_images, media_type, files)
    pixel_data = {"vr": "OB" if described["00280100"]["Value"] == [8] else "OW", "BulkDataURI": uri}
    return {**document, **described, _PIXEL_DATA: pixel_data}, {**bulk, uri: [BulkPart(BytesSource(frames))]}


def _described(part: BulkPart) -> Attributes:
    _check_size([part])
    return describe_codestream(part.source.read(0, part.source.size))


def _read(parts: Sequence[BulkPart]) -> tuple[list[bytes], str]:
    """The files, and a digest of them all."""
    _check_size(parts)
    files = [part.source.read(0, part.source.size) for part in parts]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file)
    return files, digest.hexdigest()


def _check_size(parts: Sequence[BulkPart]) -> None:
    if sum(part.source.size for part in parts) > MAX_FRAME_BYTES:
        raise UndecodableFrame("The images are too large to be looked into.")
