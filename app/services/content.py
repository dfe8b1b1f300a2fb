"""Bytes to be answered with: how many there are, and any run of them, wherever they come from."""

import asyncio
from array import array
from bisect import bisect_right
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import accumulate
from typing import Self

from storage.resource import ByteRange

Chunks = AsyncIterator[bytes | bytearray]

COUNTED_AT_ONCE = 1000
"""Contents that are counted before others get their turn on the event loop."""


@dataclass(frozen=True, slots=True)
class Content:
    """``length`` bytes; ``stream`` gives a run of them in chunks of bounded size, the same bytes each time."""

    length: int
    stream: Callable[[ByteRange], Chunks]

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Bytes in memory."""

        async def stream(byte_range: ByteRange) -> Chunks:
            yield data[byte_range.start : byte_range.stop]

        return cls(len(data), stream)

    def whole(self) -> Chunks:
        """All bytes."""
        return self.stream(ByteRange(0, self.length))

    def cut(self, byte_range: ByteRange) -> "Content":
        """A run of the bytes as a content of its own."""

        def stream(inner: ByteRange) -> Chunks:
            return self.stream(ByteRange(byte_range.start + inner.start, byte_range.start + inner.stop))

        return Content(len(byte_range), stream)


def in_worker(chunks: Chunks, loop: asyncio.AbstractEventLoop) -> Iterator[bytes | bytearray]:
    """The chunks for a worker thread, which waits while the event loop reads them."""

    async def read_on() -> bytes | bytearray:
        return await anext(chunks, b"")

    while chunk := asyncio.run_coroutine_threadsafe(read_on(), loop).result():
        yield chunk


def concatenated(contents: Sequence[Content]) -> Content:
    """Contents one behind the other as one; those outside the run that is asked for are not touched."""
    return laid_out([content.length for content in contents], contents.__getitem__)


def laid_out(lengths: Sequence[int], get: Callable[[int], Content]) -> Content:
    """Contents of known lengths one behind the other as one; ``get`` gives those that are read, by their number."""
    stops = array("Q", accumulate(lengths))

    async def stream(byte_range: ByteRange) -> Chunks:
        number = bisect_right(stops, byte_range.start)
        position = stops[number - 1] if number else 0
        while position < byte_range.stop:
            async for chunk in _touched(get(number), position, byte_range):
                yield chunk
            position = stops[number]
            number += 1

    return Content(stops[-1] if stops else 0, stream)


async def counted(found: Callable[[], AsyncGenerator[Content]]) -> Content:
    """Contents that are found one after the other, the same each time, as one.

    They are found once to count their bytes, and anew for each run that is read: there may be too many to be held.
    """
    length = number = 0
    async for content in found():
        length += content.length
        number += 1
        if number % COUNTED_AT_ONCE == 0:
            await asyncio.sleep(0)

    async def stream(byte_range: ByteRange) -> Chunks:
        position = number = 0
        async with aclosing(found()) as contents:
            async for content in contents:
                async for chunk in _touched(content, position, byte_range):
                    yield chunk
                position += content.length
                number += 1
                if position >= byte_range.stop:
                    return
                if number % COUNTED_AT_ONCE == 0:
                    await asyncio.sleep(0)

    return Content(length, stream)


async def _touched(content: Content, position: int, byte_range: ByteRange) -> Chunks:
    """What a run takes of a content that begins at ``position``."""
    start, stop = max(byte_range.start - position, 0), min(byte_range.stop - position, content.length)
    if start < stop:
        async for chunk in content.stream(ByteRange(start, stop)):
            yield chunk
