"""Whether the stores of the archive answer."""

import asyncio
from contextlib import suppress

from app.services.archive import Archive
from storage.blobs.protocol import CHUNK_BYTES
from storage.errors import BlobNotFound, StorageUnavailable
from storage.resource import ByteRange

PATIENCE_SECONDS = 5

NOWHERE = "readiness"
"""A key that names nothing."""


async def check_stores(archive: Archive) -> None:
    """Ask the index, ask the blob store, and write as many bytes as it does not merely hold in memory.

    Raises StorageUnavailable, StorageFull.
    """
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await archive.index.known_blob_keys([NOWHERE])
            with suppress(BlobNotFound):
                await archive.blobs.read(NOWHERE, ByteRange(0, 1))
            blob = archive.blobs.stage()
            try:
                await blob.write(bytes(CHUNK_BYTES))
            finally:
                await blob.discard()
    except TimeoutError as error:
        raise StorageUnavailable("the stores do not answer in time") from error
