"""Bytes of an instance's data set by their ranges, whether the data set is deflated or not."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence

from app.dicom.deflated import inflate_ranges
from app.services.archive import Archive
from app.services.content import Chunks, Content, in_worker
from app.workers import run_cpu
from storage.blobs.protocol import CHUNK_BYTES
from storage.records import StoredInstance
from storage.resource import ByteRange


def ranges_content(
    archive: Archive, instance: StoredInstance, ranges: Sequence[ByteRange], deflated_from: int | None
) -> Content:
    """The bytes of ascending ranges, one after the other.

    With ``deflated_from``, where the deflate stream begins in the file, ranges count bytes of the inflated data set.
    """

    def stream(wanted: ByteRange) -> Chunks:
        cut = _cut(ranges, wanted)
        if deflated_from is None:
            return _read(archive, instance, cut)
        return _inflate(archive, instance, list(cut), deflated_from)

    return Content(sum(map(len, ranges)), stream)


async def read_ranges(
    archive: Archive, instance: StoredInstance, ranges: Sequence[ByteRange], deflated_from: int | None
) -> bytes:
    """The same bytes in memory: for what is small, or must be changed as a whole."""
    return b"".join([chunk async for chunk in ranges_content(archive, instance, ranges, deflated_from).whole()])


def _cut(ranges: Sequence[ByteRange], wanted: ByteRange) -> Iterator[ByteRange]:
    """Of ranges taken one after the other, the parts that lie in a range of the whole."""
    before = 0
    for each in ranges:
        start, stop = max(wanted.start - before, 0), min(wanted.stop - before, len(each))
        if start < stop:
            yield ByteRange(each.start + start, each.start + stop)
        before += len(each)


async def _read(archive: Archive, instance: StoredInstance, ranges: Iterable[ByteRange]) -> Chunks:
    """Read what lies within a chunk at once: a frame may come in hundreds of thousands of fragments."""
    for near in _neighbors(ranges):
        start = near[0].start
        if len(near) == 1:
            async for chunk in archive.blobs.stream(instance.blob_key, near[0]):
                yield chunk
        else:
            data = await archive.blobs.read(instance.blob_key, ByteRange(start, near[-1].stop))
            yield b"".join([data[each.start - start : each.stop - start] for each in near])


def _neighbors(ranges: Iterable[ByteRange]) -> Iterator[list[ByteRange]]:
    """Ascending ranges, those together that a chunk spans."""
    near: list[ByteRange] = []
    for each in ranges:
        if near and each.stop - near[0].start > CHUNK_BYTES:
            yield near
            near = []
        near.append(each)
    if near:
        yield near


async def _inflate(
    archive: Archive, instance: StoredInstance, ranges: Sequence[ByteRange], deflated_from: int
) -> AsyncGenerator[bytes]:
    """Inflate in a worker, which asks the event loop for more of the file as it needs it."""
    compressed = archive.blobs.stream(instance.blob_key, ByteRange(deflated_from, instance.size))
    pieces = inflate_ranges(map(bytes, in_worker(compressed, asyncio.get_running_loop())), ranges)
    while (piece := await run_cpu(next, pieces, None)) is not None:
        yield piece
