"""The archive: the stores that every use case works with."""

import logging
from collections.abc import Collection
from dataclasses import dataclass, field

from app.dicom.frame_index import FrameIndex
from app.services.errors import ResourceNotFound
from storage.blobs.protocol import BlobStore
from storage.cache import RecentlyUsed
from storage.index.protocol import Index
from storage.records import StoredInstance
from storage.resource import ResourceKey

logger = logging.getLogger(__name__)

FRAME_INDEXES_KEPT = 512
"""Decoded frame indexes held in memory: one of a slide with 100 000 frames takes about 2 MB."""


@dataclass(frozen=True, slots=True)
class Archive:
    """Where bytes and rows are, and what is remembered of them.

    Everything remembered is kept under the blob key, which never changes its bytes, so it cannot go stale.
    """

    blobs: BlobStore
    index: Index
    frame_indexes: RecentlyUsed[str, FrameIndex] = field(default_factory=lambda: RecentlyUsed(FRAME_INDEXES_KEPT))

    async def instance(self, key: ResourceKey) -> StoredInstance:
        """One stored instance. Raises ResourceNotFound."""
        instance = await self.index.instance(key)
        if instance is None:
            raise ResourceNotFound(f"no such instance: {key.path}")
        return instance

    async def discard_unneeded_blobs(self, blob_keys: Collection[str]) -> None:
        """Delete blobs that no row names any more."""
        for blob_key in blob_keys:
            self.frame_indexes.forget(blob_key)
        await self.blobs.delete(blob_keys)

    async def sweep(self) -> None:
        """Delete blobs that a process which died had placed but not entered in the index."""
        keys = await self.blobs.unsettled()
        orphans = set(keys) - await self.index.known_blob_keys(keys)
        await self.blobs.delete(orphans)
        await self.blobs.settle(keys)
        if orphans:
            logger.info(
                "removed %d instances of interrupted store requests that had not been acknowledged", len(orphans)
            )

    async def close(self) -> None:
        """Release the stores."""
        await self.index.close()
        await self.blobs.close()
