"""Frames in many fragments, checked against slices of the file."""

import asyncio
import time
from array import array
from collections.abc import AsyncIterator

import pytest

from app.services.content import Content
from app.services.fragments import fragments_content
from storage.blobs.protocol import CHUNK_BYTES
from storage.records import StoredInstance
from storage.resource import ByteRange, ResourceKey

MANY = 300_000
LONGEST_STALL_SECONDS = 1.0
"""On a machine that is busy with other tests; it takes a twentieth of that, and took five times as much."""

SHORT = [(start, 3) for start in range(200, 200 + 5_000 * 11, 11)]
LONG = [(100_000, CHUNK_BYTES + 1), (2_000_000, 3 * CHUNK_BYTES)]
LATE = [(6_000_000, 10), (6_000_010, 0), (6_000_010, 20), (6_000_031, CHUNK_BYTES), (6_000_031 + CHUNK_BYTES, 7)]
FILE = bytes(range(250)) * 30_000

INSTANCE = StoredInstance(1, ResourceKey("1.2", "1.3", "1.4"), "1.5", "1.6", "key", len(FILE), b"")


class Reader:
    """An ``InstanceReader`` of bytes in memory, which notes what is read."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.found: list[ByteRange] = []

    async def read(self, instance: StoredInstance, byte_range: ByteRange) -> bytes:
        self.found.append(byte_range)
        return self._data[byte_range.start : byte_range.stop]

    async def stream(self, instance: StoredInstance, byte_range: ByteRange) -> AsyncIterator[bytes]:
        yield await self.read(instance, byte_range)


def content_of(reader: Reader, fragments: list[tuple[int, int]]) -> Content:
    starts, lengths = zip(*fragments, strict=True)
    return fragments_content(reader, INSTANCE, array("Q", starts), array("I", lengths))


@pytest.mark.parametrize("fragments", [SHORT, LONG, LATE, [*SHORT, *LONG, *LATE], SHORT[:1], LATE[:2]])
async def test_any_run_is_that_of_the_fragments_bytes(fragments: list[tuple[int, int]]) -> None:
    whole = b"".join(FILE[start : start + length] for start, length in fragments)
    content = content_of(Reader(FILE), fragments)
    assert content.length == len(whole)
    for start, stop in [(0, None), (1, -1), (7, 8), (14_999, 2_000_000), (-30, None), (-1, None), (5, 5)]:
        begin, end, _ = slice(start, stop).indices(len(whole))
        byte_range = ByteRange(begin, max(begin, end))
        assert b"".join([chunk async for chunk in content.stream(byte_range)]) == whole[begin:end]


async def test_short_fragments_are_read_together() -> None:
    """Hundreds of thousands, each read on its own, would take half a minute."""
    reader = Reader(FILE)
    content = content_of(reader, SHORT)
    assert sum([len(chunk) async for chunk in content.whole()]) == 3 * len(SHORT)
    assert reader.found == [ByteRange(SHORT[0][0], sum(SHORT[-1]))]


async def test_no_more_than_a_chunk_is_held_and_what_is_before_a_run_is_not_read() -> None:
    reader = Reader(FILE)
    content = content_of(reader, [*SHORT, *LONG, *LATE])
    [chunk async for chunk in content.stream(ByteRange(content.length - 3, content.length))]
    assert all(found.start > LONG[-1][0] for found in reader.found)
    async for _ in content.whole():
        pass
    assert all(len(found) <= CHUNK_BYTES for found in reader.found if found.start not in {100_000, 2_000_000})


async def test_the_event_loop_stays_free_with_very_many_fragments() -> None:
    reader = Reader(bytes(18 * MANY))
    content = content_of(reader, [(18 * number + 8, 10) for number in range(MANY)])
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - before)

    watching = asyncio.create_task(watch())
    assert sum([len(chunk) async for chunk in content.whole()]) == 10 * MANY
    watching.cancel()
    assert longest < LONGEST_STALL_SECONDS
