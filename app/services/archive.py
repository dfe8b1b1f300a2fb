"""The archive: the stores that every use case works with."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from app.dicom.frame_index import FrameIndex
from app.services.errors import LostBytes, ResourceNotFound
from app.services.sweeper import Sweeper
from storage.blobs.protocol import BlobStore
from storage.cache import RecentlyUsed
from storage.errors import BlobNotFound, StorageUnavailable
from storage.index.protocol import Index
from storage.records import InstanceForm, StoredInstance
from storage.resource import ByteRange, ResourceKey

logger = logging.getLogger(__name__)

FRAME_INDEX_BYTES = 64 << 20
"""Memory for frame indexes: one of a slide with 100 000 frames takes more than 1 MB, one of a single frame little."""

FORM_BYTES = 16 << 20
"""Memory for what is known of files in other transfer syntaxes that are kept beside the stored ones."""

CHECKSUMS_KEPT = 1 << 15
"""Checksums of files for zip archives, some 350 bytes each with their keys."""

LOOK_UPS = 10
"""How often an instance that is gone between two look-ups is looked up anew: an index with a row missing must not hold
the event loop for ever."""

_Found = TypeVar("_Found")


class Archive:
    """Where bytes and rows are, and what is remembered of them.

    Everything remembered is kept under the blob key, which never changes its bytes, so it cannot go stale.
    """

    def __init__(self, blobs: BlobStore, index: Index) -> None:
        self.blobs = blobs
        self.index = index
        self.frame_indexes: RecentlyUsed[str, FrameIndex] = RecentlyUsed(FRAME_INDEX_BYTES)
        self.forms: RecentlyUsed[str, InstanceForm] = RecentlyUsed(FORM_BYTES)
        self.checksums: RecentlyUsed[str, int] = RecentlyUsed(CHECKSUMS_KEPT)
        self._sweeper = Sweeper(blobs, index)

    async def instance(self, key: ResourceKey) -> StoredInstance:
        """One stored instance. Raises ResourceNotFound."""
        instance = await self.index.instance(key)
        if instance is None:
            raise ResourceNotFound(f"no such instance: {key.path}")
        return instance

    async def find(self, key: ResourceKey, look_up: Callable[[StoredInstance], Awaitable[_Found | None]]) -> _Found:
        """What further look-ups tell of an instance; ``look_up`` gives None when they find that it is gone.

        Then it was deleted or replaced a moment ago, and what is stored now is looked up. Raises ResourceNotFound.
        """
        for _ in range(LOOK_UPS):
            found = await look_up(await self.instance(key))
            if found is not None:
                return found
        raise ResourceNotFound(f"the instance is being replaced again and again: {key.path}")

    async def read(self, instance: StoredInstance, byte_range: ByteRange) -> bytes | bytearray:
        """A range of a stored file, held in memory. Raises BlobNotFound, LostBytes, StorageUnavailable."""
        try:
            return await self.blobs.read(instance.blob_key, byte_range)
        except BlobNotFound as error:
            raise await self._reason(instance.blob_key, error) from error

    async def stream(self, instance: StoredInstance, byte_range: ByteRange) -> AsyncIterator[bytes | bytearray]:
        """A range of a stored file in chunks of bounded size. Raises as ``read`` does, while iterating."""
        try:
            async for chunk in self.blobs.stream(instance.blob_key, byte_range):
                yield chunk
        except BlobNotFound as error:
            raise await self._reason(instance.blob_key, error) from error

    async def _reason(self, key: str, error: BlobNotFound) -> Exception:
        """Why bytes are not there: deleted or replaced since they were looked up, else lost, which the log is told."""
        if not await self.index.known_blob_keys([key]):
            return error
        logger.error("%s, though the index names them: %s. `fovea check` tells what else is missing", error, key)
        return LostBytes("the stored bytes of the instance are damaged or lost")

    async def sweep(self) -> None:
        """Delete what interrupted requests left behind; from now on, also the bytes of deleted instances.

        A store that does not answer yet is swept when it does.
        """
        with suppress(StorageUnavailable):
            await self._sweeper.delete_orphans()
        self._sweeper.start()

    async def close(self) -> None:
        """Release the stores."""
        await self._sweeper.stop()
        await self.index.close()
        await self.blobs.close()
