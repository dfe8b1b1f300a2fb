"""Ranges of objects, by way of blocks that a cache on the disk keeps.

What is read is rounded to blocks, so that neighbors share a request: the frames of a slide are smaller than a block,
and a viewer that asks for one asks for the next. Blocks side by side are fetched as one range.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from storage.blobs.disk_cache import DiskCache
from storage.blobs.object_client import ObjectClient
from storage.blobs.object_sessions import PLACED
from storage.blobs.open_file import OpenFile
from storage.blobs.protocol import CHUNK_BYTES
from storage.byte_cache import ByteCache
from storage.cache import RecentlyUsed
from storage.errors import BlobNotFound
from storage.resource import ByteRange

BLOCK_BYTES = CHUNK_BYTES
BLOCKS_AT_ONCE = 4
"""Blocks that one request fetches. One reader holds twice as many in memory."""

OPEN_BLOCKS = 256
"""Blocks kept open for reading. Those that the cache has removed meanwhile take room beyond its bound."""

Bytes = bytes | bytearray


class _Part(NamedTuple):
    """Bytes ``start`` to ``stop`` (exclusive) of a block."""

    block: int
    start: int
    stop: int


class ObjectReader:
    """Reads the objects that keys name."""

    def __init__(self, objects: ObjectClient, cache: DiskCache) -> None:
        self._objects = objects
        self._cache = cache
        self._open: RecentlyUsed[tuple[str, int], OpenFile] = RecentlyUsed(OPEN_BLOCKS)
        # It keeps nothing, but who asks for what is being fetched waits for that.
        self._fetches: ByteCache[list[bytes]] = ByteCache(0, lambda blocks: sum(map(len, blocks)))

    async def stream(self, key: str, byte_range: ByteRange) -> AsyncIterator[Bytes]:
        """The bytes of a range, in pieces of a block and less. Raises BlobNotFound, StorageUnavailable.

        While some are taken, the next ones are read.
        """
        parts = list(_parts(byte_range))
        reading: asyncio.Task[list[Bytes]] | None = None
        try:
            for start in range(0, len(parts), BLOCKS_AT_ONCE):
                pieces = await (reading or self._read(key, parts[start : start + BLOCKS_AT_ONCE]))
                ahead = parts[start + BLOCKS_AT_ONCE : start + 2 * BLOCKS_AT_ONCE]
                reading = asyncio.create_task(self._read(key, ahead)) if ahead else None
                for piece in pieces:
                    yield piece
        finally:
            if reading is not None:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def forget(self, keys: Collection[str]) -> None:
        """Remove what is kept of objects that are deleted."""
        self._open.clear()
        await asyncio.to_thread(self._cache.forget, keys)

    async def _read(self, key: str, parts: Sequence[_Part]) -> list[Bytes]:
        """Parts of blocks side by side."""
        found = self._at_hand(key, parts)
        if len(found) < len(parts):
            found.update(await self._cached(key, [part for part in parts if part.block not in found]))
        for run in _runs([part.block for part in parts if part.block not in found]):
            blocks = await self._fetches.get((key, run), partial(self._fetch, key, run))
            fetched = dict(zip(run, blocks, strict=True))
            found.update(
                {part.block: fetched[part.block][part.start : part.stop] for part in parts if part.block in run}
            )
        if any(len(found[part.block]) < part.stop - part.start for part in parts):
            raise BlobNotFound("the stored bytes are shorter than they were")
        return [found[part.block] for part in parts]

    def _at_hand(self, key: str, parts: Sequence[_Part]) -> dict[int, Bytes]:
        """Those parts that can be read without a thread."""
        found: dict[int, Bytes] = {}
        for part in parts:
            if file := self._open.get((key, part.block)):
                data = file.read_cached(ByteRange(part.start, part.stop))
                if len(data) == part.stop - part.start:
                    found[part.block] = data
        return found

    async def _cached(self, key: str, parts: Sequence[_Part]) -> dict[int, Bytes]:
        """Those parts that are on the disk. A block that a power cut has shortened is none."""
        found: dict[int, Bytes] = {}
        for part, file, data in await asyncio.to_thread(self._read_files, key, parts):
            if len(data) == part.stop - part.start:
                self._open.put((key, part.block), file)
                found[part.block] = data
        return found

    def _read_files(self, key: str, parts: Sequence[_Part]) -> list[tuple[_Part, OpenFile, bytes]]:
        files = ((part, self._cache.open(key, part.block)) for part in parts)
        return [(part, file, file.read(ByteRange(part.start, part.stop))) for part, file in files if file is not None]

    async def _fetch(self, key: str, run: range) -> list[bytes]:
        """Blocks side by side, the last ones short or empty where the object ends."""
        byte_range = ByteRange(run.start * BLOCK_BYTES, run.stop * BLOCK_BYTES)
        data = await self._objects.get(PLACED + key, byte_range)
        blocks = [data[start : start + BLOCK_BYTES] for start in range(0, len(byte_range), BLOCK_BYTES)]
        await asyncio.to_thread(self._keep, key, run, blocks)
        return blocks

    def _keep(self, key: str, run: range, blocks: Sequence[bytes]) -> None:
        for number, block in zip(run, blocks, strict=True):
            if block:
                self._cache.put(key, number, block)


def _parts(byte_range: ByteRange) -> Iterator[_Part]:
    """A range as parts of blocks, ascending."""
    position = byte_range.start
    while position < byte_range.stop:
        block, start = divmod(position, BLOCK_BYTES)
        stop = min(byte_range.stop - position + start, BLOCK_BYTES)
        yield _Part(block, start, stop)
        position += stop - start


def _runs(numbers: Sequence[int]) -> Iterator[range]:
    """Ascending numbers as ranges without gaps."""
    first = 0
    for position in range(1, len(numbers) + 1):
        if position == len(numbers) or numbers[position] != numbers[position - 1] + 1:
            yield range(numbers[first], numbers[position - 1] + 1)
            first = position
