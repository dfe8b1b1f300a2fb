"""BlobStore: where the bytes of instances are kept, whatever keeps them."""

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Protocol

from storage.resource import ByteRange, ResourceKey


class StagedBlob(Protocol):
    """Bytes on their way in: growing, readable by who writes them, invisible to everybody else."""

    @property
    def size(self) -> int:
        """Bytes written so far."""

    async def write(self, data: bytes) -> None:
        """Append. Raises StorageFull, StorageUnavailable."""

    def read(self, start: int, stop: int) -> bytes:
        """Bytes from ``start`` to ``stop`` (exclusive), fewer at the end; synchronous, for a worker thread."""

    async def discard(self) -> None:
        """Forget the bytes; harmless when already placed or discarded."""


class BlobStore(Protocol):
    """Immutable byte strings under keys of the store's own choosing.

    The order of a store is: ``stage`` and ``write``; ``place``, after which the bytes are durable; the rows;
    ``settle``. A crash between ``place`` and ``settle`` leaves blobs that ``unsettled`` names after a restart, so that
    those without rows can be deleted.
    """

    async def stage(self) -> StagedBlob:
        """Begin a blob."""

    async def place(self, blobs: Sequence[tuple[StagedBlob, ResourceKey]]) -> list[str]:
        """Make staged blobs durable, all of them, and return their keys in the same order.

        A key is new each time, also for an instance that was stored before. Raises StorageFull, StorageUnavailable;
        then none is placed.
        """

    async def settle(self, keys: Collection[str]) -> None:
        """The rows of these placed blobs are committed, or the blobs are deleted: nothing is in doubt any more."""

    async def unsettled(self) -> list[str]:
        """Keys of blobs that were placed by a process which then ended without settling them."""

    async def read(self, key: str, byte_range: ByteRange) -> bytes:
        """The bytes of one range. Raises BlobNotFound, StorageUnavailable."""

    def stream(self, key: str, byte_range: ByteRange) -> AsyncIterator[bytes]:
        """The bytes of one range in chunks of bounded size. Raises BlobNotFound, StorageUnavailable while iterating."""

    async def delete(self, keys: Collection[str]) -> None:
        """Remove blobs; a key that is not there is no error."""

    async def close(self) -> None:
        """Release what the store holds open."""
