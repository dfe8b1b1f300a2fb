"""A frame in many fragments: there may be hundreds of thousands, each of a few bytes (PS3.5 A.4)."""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from app.services.content import Chunks, Content
from app.services.value_bytes import InstanceReader
from app.workers import run_cpu
from storage.blobs.protocol import CHUNK_BYTES
from storage.records import StoredInstance
from storage.resource import ByteRange

JOINED_AT_ONCE = 1000
"""Fragments that are put together where they are; more, in a worker."""


def fragments_content(
    reader: InstanceReader, instance: StoredInstance, starts: Sequence[int], lengths: Sequence[int]
) -> Content:
    """The bytes of fragments one after the other: ascending offsets in the file, and the number of bytes of each.

    Those that lie within a chunk of the file are read at once.
    """

    async def stream(wanted: ByteRange) -> Chunks:
        stops = array("Q", accumulate(lengths))
        first = bisect_right(stops, wanted.start)
        position = stops[first - 1] if first else 0
        while position < wanted.stop:
            behind = _behind_chunk(starts, lengths, first)
            cut = ByteRange(max(wanted.start - position, 0), min(wanted.stop, stops[behind - 1]) - position)
            if behind - first == 1:
                found = ByteRange(starts[first] + cut.start, starts[first] + cut.stop)
                async for chunk in reader.stream(instance, found):
                    yield chunk
            else:
                found = ByteRange(starts[first], starts[behind - 1] + lengths[behind - 1])
                data = await reader.read(instance, found)
                yield (await _joined(data, starts[first:behind], lengths[first:behind]))[cut.start : cut.stop]
            position, first = stops[behind - 1], behind

    return Content(sum(lengths), stream)


def _behind_chunk(starts: Sequence[int], lengths: Sequence[int], first: int) -> int:
    """The number behind that of the last fragment which ends within a chunk from the ``first`` one on; it is one."""
    end = starts[first] + CHUNK_BYTES
    behind = bisect_right(starts, end, first)
    if starts[behind - 1] + lengths[behind - 1] > end:
        behind -= 1
    return max(behind, first + 1)


async def _joined(data: bytes | bytearray, starts: Sequence[int], lengths: Sequence[int]) -> bytes:
    """Fragments whose bytes ``data`` holds, from the first to the last, with what is between them."""

    def join() -> bytes:
        base = starts[0]
        return b"".join(
            [data[start - base : start - base + length] for start, length in zip(starts, lengths, strict=True)]
        )

    return join() if len(starts) <= JOINED_AT_ONCE else await run_cpu(join)
