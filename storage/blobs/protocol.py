"""BlobStore: where the bytes of instances are kept, whatever keeps them."""

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Protocol

from storage.resource import ByteRange, ResourceKey

CHUNK_BYTES = 1 << 20
"""Bytes in one chunk of a stream, and held in memory of one staged blob, at the most."""


class StagedBlob(Protocol):
    """Bytes on their way in: growing, readable by who writes them, invisible to everybody else."""

    @property
    def size(self) -> int:
        """Bytes written so far."""

    async def write(self, data: bytes) -> None:
        """Append. Raises StorageFull, StorageUnavailable."""

    def read(self, start: int, stop: int) -> bytes:
        """Bytes from ``start`` to ``stop`` (exclusive), fewer at the end; synchronous, for a worker thread."""

    def seal(self) -> None:
        """All bytes are written: hold no more than some kilobytes in memory; synchronous, for a worker thread.

        Raises StorageFull, StorageUnavailable.
        """

    async def discard(self) -> None:
        """Forget the bytes; harmless when already placed or discarded."""


class BlobStore(Protocol):
    """Immutable byte strings under keys of the store's own choosing.

    The order of a store is: ``stage``, ``write``, ``seal``; ``place``, after which the bytes are on stable storage
    under their keys; the rows; ``settle``. A crash between ``place`` and ``settle`` leaves blobs that ``unsettled``
    names after a restart, so that those without rows can be deleted.
    """

    def stage(self) -> StagedBlob:
        """Begin a blob."""

    async def place(self, blobs: Sequence[tuple[StagedBlob, ResourceKey]]) -> list[str]:
        """Bring sealed blobs to stable storage under new keys, returned in the same order.

        A key is new each time, also for an instance that was stored before. Raises StorageFull, StorageUnavailable;
        then none is placed.
        """

    async def settle(self, keys: Collection[str]) -> None:
        """The rows of these placed blobs are committed, or the blobs are deleted: nothing is in doubt any more."""

    async def unsettled(self) -> list[str]:
        """Keys of blobs that were placed by a process which then ended without settling them."""

    async def read(self, key: str, byte_range: ByteRange) -> bytes | bytearray:
        """The bytes of one range, held in memory: for up to a few megabytes, ``stream`` is for more.

        Raises BlobNotFound, StorageUnavailable.
        """

    def stream(self, key: str, byte_range: ByteRange) -> AsyncIterator[bytes | bytearray]:
        """The bytes of one range in chunks of CHUNK_BYTES. Raises BlobNotFound, StorageUnavailable while iterating."""

    async def delete(self, keys: Collection[str]) -> None:
        """Remove blobs; a key that is not there is no error."""

    async def close(self) -> None:
        """Release what the store holds open."""
