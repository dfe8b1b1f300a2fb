"""Bytes to be answered with: how many there are, and any run of them, wherever they come from."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from storage.resource import ByteRange

Chunks = AsyncIterator[bytes | bytearray]


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

    async def stream(byte_range: ByteRange) -> Chunks:
        start = 0
        for content in contents:
            inner = ByteRange(max(byte_range.start - start, 0), min(byte_range.stop - start, content.length))
            if inner.start < inner.stop:
                async for chunk in content.stream(inner):
                    yield chunk
            start += content.length

    return Content(sum(content.length for content in contents), stream)
