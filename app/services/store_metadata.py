"""StoreInstances of metadata and bulk data that come apart: files are made of them, then stored (PS3.18 10.5.1)."""

from collections import defaultdict
from collections.abc import Mapping

from app.dicom.bulk_part import BulkPart
from app.dicom.errors import UnusableInstance
from app.dicom.part10_writer import Piece, length_of, write_part10
from app.services.received_pixels import complete_pixels
from app.services.store import StoreRequest
from app.workers import run_cpu
from storage.blobs.protocol import CHUNK_BYTES, StagedBlob


class BulkData:
    """The bytes of one bulk data part, at the end of those that came before it in the request.

    All parts of a request share one staged blob, so that thousands of frames take neither a file each nor memory.
    """

    def __init__(self, blob: StagedBlob) -> None:
        self._blob = blob
        self._start = blob.size
        self.size = 0

    async def write(self, data: bytes) -> None:
        """Append; only to the part that was begun last."""
        await self._blob.write(data)
        self.size += len(data)

    def read(self, start: int, stop: int) -> bytes:
        """Bytes from ``start`` to ``stop`` (exclusive), fewer at the end; synchronous, for a worker thread."""
        return self._blob.read(self._start + start, self._start + min(stop, self.size))


class SeparateInstances:
    """The bulk data of one request, kept until all are there: they may come before their metadata or after."""

    def __init__(self, request: StoreRequest, most_bytes: int) -> None:
        """Begin; ``most_bytes`` is how long the files may be in all."""
        self._request = request
        self._bytes_left = most_bytes
        self._blob: StagedBlob | None = None
        self._bulk: dict[str, list[BulkPart]] = defaultdict(list)

    def begin_bulk(self, location: str, media_type: str, transfer_syntax_uid: str | None) -> BulkData:
        """Begin bulk data; ``location`` is what the BulkDataURI of some document names."""
        if self._blob is None:
            self._blob = self._request.stage()
        bulk_data = BulkData(self._blob)
        self._bulk[location].append(BulkPart(bulk_data, media_type, transfer_syntax_uid))
        return bulk_data

    async def store(self, document: Mapping[str, object]) -> None:
        """Make a file of an instance's metadata, a DICOM JSON object, and its bulk data; hand it to the request."""
        try:
            document, bulk = await complete_pixels(document, self._bulk)
            pieces = await run_cpu(write_part10, document, bulk, self._request.limits, self._bytes_left)
        except UnusableInstance as error:
            self._request.refuse(error)
            return
        self._bytes_left -= length_of(pieces)
        blob = self._request.stage()
        for piece in pieces:
            await _copy(piece, blob)
        await self._request.end_instance(blob)


async def _copy(piece: Piece, blob: StagedBlob) -> None:
    if isinstance(piece, bytes):
        await blob.write(piece)
        return
    for start in range(piece.byte_range.start, piece.byte_range.stop, CHUNK_BYTES):
        stop = min(start + CHUNK_BYTES, piece.byte_range.stop)
        await blob.write(await run_cpu(piece.part.source.read, start, stop))
