"""A file taken apart by pydicom as a client would send it, in metadata and bulk data; and a new one put together."""

from collections.abc import Iterable

import orjson
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian

from app.dicom.bulk_index import BulkIndex
from app.dicom.bulk_part import BulkPart, PartRange
from app.dicom.part10 import BytesSource, parse
from app.dicom.transfer_syntax import transfer_syntax
from tests.source_frames import little_endian, source_frames, transfer_syntax_of


def taken_apart(data: bytes, source: Dataset) -> tuple[dict[str, object], dict[str, list[BulkPart]]]:
    """The metadata and, by BulkDataURI, the parts: one for each frame of encapsulated pixel data."""
    parsed = parse(BytesSource(data))
    root = f"/{parsed.key.path[1:]}/bulkdata/"
    bulk = {root + path: _parts(source, path) for path in BulkIndex.from_bytes(parsed.bulk_index).values}
    return orjson.loads(parsed.metadata), bulk


def _parts(source: Dataset, path: str) -> list[BulkPart]:
    data_set = source
    *above, tag = path.split("/")
    for sequence, item in zip(above[::2], above[1::2], strict=True):
        data_set = data_set[int(sequence, 16)].value[int(item)]
    element = data_set[int(tag, 16)]
    if element.tag == 0x7FE00010 and element.is_undefined_length:
        uid = transfer_syntax_of(source)
        media_type = transfer_syntax(uid).media_type
        return [BulkPart(BytesSource(frame), media_type, uid) for frame in source_frames(source)]
    value = element.value
    if isinstance(value, str):
        value = value.encode()
    elif transfer_syntax_of(source) == ExplicitVRBigEndian:
        value = little_endian(value, element.VR, source.get("BitsAllocated", 0) if tag == "7FE00010" else 0)
    return [BulkPart(BytesSource(value))]


def put_together(pieces: Iterable[bytes | PartRange]) -> bytes:
    """The file, with the bytes of the parts in their places."""
    return b"".join(piece if isinstance(piece, bytes) else _read(piece) for piece in pieces)


def _read(piece: PartRange) -> bytes:
    return piece.part.source.read(piece.byte_range.start, piece.byte_range.stop)
