"""StoreInstances of metadata and bulk data that come apart: files are made of them, then stored (PS3.18 10.5.1)."""

from collections import defaultdict
from collections.abc import Mapping

from app.dicom.bulk_part import BulkPart
from app.dicom.errors import UnusableInstance
from app.dicom.part10_writer import Piece, write_part10
from app.services.store import StoreRequest
from app.workers import run_cpu
from storage.blobs.protocol import CHUNK_BYTES, StagedBlob


class SeparateInstances:
    """The documents and bulk data of one request, kept until all are there: they may come in any order."""

    def __init__(self, request: StoreRequest) -> None:
        self._request = request
        self._documents: list[Mapping[str, object]] = []
        self._bulk: dict[str, list[BulkPart]] = defaultdict(list)

    def add_document(self, document: Mapping[str, object]) -> None:
        """An instance's metadata, a DICOM JSON object."""
        self._documents.append(document)

    def begin_bulk(self, location: str, media_type: str, transfer_syntax_uid: str | None) -> StagedBlob:
        """Begin bulk data; ``location`` is what the BulkDataURI of some document names."""
        blob = self._request.stage()
        self._bulk[location].append(BulkPart(blob, media_type, transfer_syntax_uid))
        return blob

    async def store(self) -> None:
        """Make a file of each document and hand it to the request."""
        for document in self._documents:
            try:
                pieces = await run_cpu(write_part10, document, self._bulk)
            except UnusableInstance as error:
                self._request.refuse(error)
                continue
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
