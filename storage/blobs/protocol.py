"""BlobStore: where the bytes of instances are kept, whatever keeps them."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from storage.placement import Placement
from storage.resource import ByteRange, ResourceKey

CHUNK_BYTES = 1 << 20
"""Bytes in one chunk of a stream, and held in memory of one staged blob, at the most."""

LISTED_AT_ONCE = 1000
"""Blobs in one batch of a listing, at the most."""

YOUNG_SECONDS = 3600.0
"""For so long a blob without a row may be about to get it, where the store has no better way to tell."""


@dataclass(frozen=True, slots=True)
class PlacedBlob:
    """A blob as its store knows it: ``size`` in bytes; ``written`` in seconds of Unix time, when it was placed.

    While it ``is_young``, the process that placed it may not have committed its row yet.
    """

    key: str
    size: int
    written: float
    is_young: bool


class StagedBlob(Protocol):
    """Bytes on their way in: growing, readable by who writes them, invisible to everybody else."""

    @property
    def size(self) -> int:
        """Bytes written so far."""

    async def write(self, data: bytes) -> None:
        """Append. Raises StorageFull, StorageUnavailable."""

    def read(self, start: int, stop: int) -> bytes:
        """Bytes from ``start`` to ``stop`` (exclusive), fewer at the end; synchronous, for a worker thread."""

    def write_ahead(self) -> None:
        """All bytes are there: begin to bring them where they stay, while they are read; synchronous, for a worker.

        Raises StorageFull, StorageUnavailable.
        """

    def seal(self, *, hold: bool = False) -> None:
        """All bytes are written: keep no more than some kilobytes in memory; synchronous, for a worker thread.

        With ``hold``, all that is in memory stays there until the blob is placed, and no thread is needed. Raises
        StorageFull, StorageUnavailable.
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

    def placement(self, blobs: Sequence[tuple[StagedBlob, ResourceKey]]) -> Placement | None:
        """How the thread that commits their rows may place sealed blobs; None where ``place`` is better."""

    async def settle(self, keys: Collection[str]) -> None:
        """The rows of these placed blobs are committed, or the blobs are deleted: nothing is in doubt any more."""

    async def unsettled(self) -> list[str]:
        """Keys of blobs that were placed by a process which then ended without settling them."""

    def placed(self) -> AsyncIterator[list[PlacedBlob]]:
        """Every blob, in any order and in batches of up to LISTED_AT_ONCE; no batch is empty.

        What comes or goes meanwhile may be left out or not. Raises StorageUnavailable while iterating.
        """

    async def find(self, key: str) -> PlacedBlob | None:
        """What the store knows of a blob; None when it is not there. Raises StorageUnavailable."""

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
