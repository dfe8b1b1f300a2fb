"""Sweeper: deletes the blobs that no row names, those of interrupted requests and those of instances that are gone."""

import asyncio
import logging

from storage.blobs.protocol import BlobStore
from storage.errors import StorageUnavailable
from storage.index.protocol import Index

logger = logging.getLogger(__name__)

GRACE_SECONDS = 60.0
"""From the removal of an instance to the deletion of its bytes: who looked it up before, in whatever process, reads on.

Clocks of servers that share an archive must differ by less."""

PAUSE_SECONDS = 30.0
"""Between two passes."""

BLOBS_AT_ONCE = 1000
"""Blobs that are deleted, and then forgotten, in one go."""


class Sweeper:
    """Passes from time to time, in a task of its own; of the processes that share an archive, one at a time."""

    def __init__(self, blobs: BlobStore, index: Index, grace_seconds: float = GRACE_SECONDS) -> None:
        self._blobs = blobs
        self._index = index
        self._grace_seconds = grace_seconds
        self._passes: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; the first pass comes at once."""
        self._passes = asyncio.create_task(self._pass_again_and_again())

    async def stop(self) -> None:
        """End; what is left to do is found in the index by the next sweeper."""
        if self._passes is not None:
            self._passes.cancel()
            await asyncio.wait([self._passes])

    async def delete_orphans(self) -> None:
        """Delete blobs that a process which died had placed but not entered in the index, unless another is at it.

        None when the index was only made for this process: then another one may have been lost, with all that was
        acknowledged.
        """
        async with self._index.sweeping_turn() as is_ours:
            if is_ours:
                await self._delete_orphans()

    async def delete_unneeded(self) -> None:
        """Delete blobs whose instances were deleted or replaced long enough ago, unless another is at it."""
        async with self._index.sweeping_turn() as is_ours:
            if is_ours:
                await self._delete_unneeded()

    async def _delete_orphans(self) -> None:
        keys = await self._blobs.unsettled()
        orphans = set(keys) - await self._index.known_blob_keys(keys)
        if orphans and self._index.is_new:
            logger.error("the index is new, though instances are stored; if it was lost, `fovea reindex` makes it anew")
            orphans.clear()
        await self._blobs.delete(orphans)
        await self._blobs.settle(keys)
        if orphans:
            logger.info(
                "removed %d instances of interrupted store requests that had not been acknowledged", len(orphans)
            )

    async def _delete_unneeded(self) -> None:
        while keys := await self._index.unneeded_blobs(self._grace_seconds, BLOBS_AT_ONCE):
            await self._blobs.delete(keys)
            await self._index.forget_blobs(keys)

    async def _pass_again_and_again(self) -> None:
        while True:
            try:
                await self.delete_orphans()
                await self.delete_unneeded()
            except StorageUnavailable as error:
                logger.warning("bytes that nothing needs could not be removed yet: %s", error)
            except Exception:  # a pass that fails, whatever the reason, must not be the last one
                logger.exception("bytes that nothing needs could not be removed yet")
            await asyncio.sleep(PAUSE_SECONDS)
