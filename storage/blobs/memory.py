"""Blobs in memory, gone with the process: for tests and trials."""

import secrets
from collections.abc import AsyncIterator, Collection, Sequence

from storage.blobs.protocol import CHUNK_BYTES, StagedBlob
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

    def seal(self) -> None:
        """The bytes stay where they are."""

    async def discard(self) -> None:
        """Forget the bytes."""
        self._data.clear()


class MemoryBlobStore:
    """Blobs in a dictionary."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    def stage(self) -> MemoryStagedBlob:
        """Begin a blob."""
        return MemoryStagedBlob()

    async def place(self, blobs: Sequence[tuple[StagedBlob, ResourceKey]]) -> list[str]:
        """Keep the bytes under new keys."""
        placed = {f"{key.sop_instance_uid}.{secrets.token_hex(6)}": blob.read(0, blob.size) for blob, key in blobs}
        self._blobs.update(placed)
        return list(placed)

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

    async def delete(self, keys: Collection[str]) -> None:
        """Remove blobs."""
        for key in keys:
            self._blobs.pop(key, None)

    async def close(self) -> None:
        """Nothing is open."""

    def _blob(self, key: str) -> bytes:
        try:
            return self._blobs[key]
        except KeyError:
            raise BlobNotFound("the stored bytes are no longer there") from None
