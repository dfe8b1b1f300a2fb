"""The archive: the stores that every use case works with."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from app.dicom.frame_index import FrameIndex
from app.services.errors import ResourceNotFound
from app.services.sweeper import Sweeper
from storage.blobs.protocol import BlobStore
from storage.cache import RecentlyUsed
from storage.errors import StorageUnavailable
from storage.index.protocol import Index
from storage.records import StoredInstance
from storage.resource import ResourceKey

FRAME_INDEX_BYTES = 64 << 20
"""Memory for frame indexes: one of a slide with 100 000 frames takes more than 1 MB, one of a single frame little."""

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
