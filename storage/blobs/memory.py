"""Blobs in memory, gone with the process: for tests and trials."""

import secrets
import time
from collections.abc import AsyncIterator, Collection, Sequence
from itertools import islice

from storage.blobs.protocol import CHUNK_BYTES, LISTED_AT_ONCE, YOUNG_SECONDS, PlacedBlob, StagedBlob
from storage.errors import BlobNotFound
from storage.resource import ByteRange, ResourceKey


class MemoryStagedBlob:
    """Bytes on their way in."""

    def __init__(self) -> None:
        self._data = bytearray()

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return len(self._data)

    async def write(self, data: bytes) -> None:
        """Append."""
        self._data += data

    def read(self, start: int, stop: int) -> bytes:
        """Bytes from ``start`` to ``stop`` (exclusive), fewer at the end."""
        return bytes(self._data[start:stop])

    def write_ahead(self) -> None:
        """They are there."""

    def seal(self, *, hold: bool = False) -> None:
        """The bytes stay where they are."""

    async def discard(self) -> None:
        """Forget the bytes."""
        self._data.clear()


class MemoryBlobStore:
    """Blobs in a dictionary."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}
        self._written: dict[str, float] = {}

    def stage(self) -> MemoryStagedBlob:
        """Begin a blob."""
        return MemoryStagedBlob()

    async def place(self, blobs: Sequence[tuple[StagedBlob, ResourceKey]]) -> list[str]:
        """Keep the bytes under new keys."""
        placed = {f"{key.sop_instance_uid}.{secrets.token_hex(6)}": blob.read(0, blob.size) for blob, key in blobs}
        self._blobs.update(placed)
        self._written.update(dict.fromkeys(placed, time.time()))
        return list(placed)

    def placement(self, blobs: Sequence[tuple[StagedBlob, ResourceKey]]) -> None:
        """They are placed at once."""

    async def settle(self, keys: Collection[str]) -> None:
        """Nothing outlives the process, so nothing is in doubt."""

    async def unsettled(self) -> list[str]:
        """Nothing is in doubt."""
        return []

    async def read(self, key: str, byte_range: ByteRange) -> bytes:
        """The bytes of one range."""
        data = self._blob(key)[byte_range.start : byte_range.stop]
        if len(data) < len(byte_range):
            raise BlobNotFound("the stored bytes are shorter than they were")
        return data

    async def stream(self, key: str, byte_range: ByteRange) -> AsyncIterator[bytes]:
        """The bytes of one range, in chunks."""
        for start in range(byte_range.start, byte_range.stop, CHUNK_BYTES):
            yield await self.read(key, ByteRange(start, min(start + CHUNK_BYTES, byte_range.stop)))

    async def placed(self) -> AsyncIterator[list[PlacedBlob]]:
        """Every blob, in batches."""
        keys = iter(list(self._blobs))
        while batch := list(islice(keys, LISTED_AT_ONCE)):
            if found := [blob for key in batch if (blob := await self.find(key)) is not None]:
                yield found

    async def find(self, key: str) -> PlacedBlob | None:
        """What is known of a blob."""
        if key not in self._blobs:
            return None
        written = self._written[key]
        return PlacedBlob(key, len(self._blobs[key]), written, time.time() - written < YOUNG_SECONDS)

    async def delete(self, keys: Collection[str]) -> None:
        """Remove blobs."""
        for key in keys:
            self._blobs.pop(key, None)
            self._written.pop(key, None)

    async def close(self) -> None:
        """Nothing is open."""

    def _blob(self, key: str) -> bytes:
        try:
            return self._blobs[key]
        except KeyError:
            raise BlobNotFound("the stored bytes are no longer there") from None
