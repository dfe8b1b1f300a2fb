"""Whether the stores of the archive answer."""

import asyncio

from app.services.archive import Archive
from storage.blobs.protocol import CHUNK_BYTES
from storage.errors import StorageUnavailable

PATIENCE_SECONDS = 5


async def check_stores(archive: Archive) -> None:
    """Ask the index, and write as many bytes to the blob store as it does not merely hold in memory.

    Raises StorageUnavailable, StorageFull.
    """
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await archive.index.known_blob_keys(["readiness"])
            blob = archive.blobs.stage()
            try:
                await blob.write(bytes(CHUNK_BYTES))
            finally:
                await blob.discard()
    except TimeoutError as error:
        raise StorageUnavailable("the stores do not answer in time") from error
