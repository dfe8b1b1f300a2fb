"""Bytes of an instance's data set by their ranges, whether the data set is deflated or not."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence

from app.dicom.deflated import inflate_ranges
from app.services.archive import Archive
from app.workers import run_cpu
from storage.records import StoredInstance
from storage.resource import ByteRange


async def stream_ranges(
    archive: Archive, instance: StoredInstance, ranges: Sequence[ByteRange], deflated_from: int | None
) -> AsyncGenerator[bytes | bytearray]:
    """The bytes of ascending ranges, one after the other, in chunks of bounded size.

    With ``deflated_from``, where the deflate stream begins in the file, ranges count bytes of the inflated data set.
    """
    if deflated_from is not None:
        async for piece in _inflate(archive, instance, ranges, deflated_from):
            yield piece
        return
    for byte_range in ranges:
        async for chunk in archive.blobs.stream(instance.blob_key, byte_range):
            yield chunk


async def read_ranges(
    archive: Archive, instance: StoredInstance, ranges: Sequence[ByteRange], deflated_from: int | None
) -> bytes:
    """The same bytes in memory: for what is small, or must be changed as a whole."""
    return b"".join([chunk async for chunk in stream_ranges(archive, instance, ranges, deflated_from)])


async def _inflate(
    archive: Archive, instance: StoredInstance, ranges: Sequence[ByteRange], deflated_from: int
) -> AsyncGenerator[bytes]:
    """Inflate in a worker, which asks the event loop for more of the file as it needs it."""
    compressed = archive.blobs.stream(instance.blob_key, ByteRange(deflated_from, instance.size))
    loop = asyncio.get_running_loop()

    async def read_on() -> bytes | bytearray:
        return await anext(compressed, b"")

    def chunks() -> Iterator[bytes]:
        while chunk := asyncio.run_coroutine_threadsafe(read_on(), loop).result():
            yield bytes(chunk)

    pieces = inflate_ranges(chunks(), ranges)
    while (piece := await run_cpu(next, pieces, None)) is not None:
        yield piece
