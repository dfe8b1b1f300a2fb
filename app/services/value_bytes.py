"""Bytes of an instance's data set, whether the data set is deflated or not."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Protocol

from app.dicom.deflated import inflate_ranges
from app.services.content import Chunks, Content, in_worker
from app.workers import run_cpu
from storage.records import StoredInstance
from storage.resource import ByteRange


class InstanceReader(Protocol):
    """What gives the bytes of an instance's file: the archive, or who has them before they are stored."""

    async def read(self, instance: StoredInstance, byte_range: ByteRange) -> bytes | bytearray:
        """A range of the file, held in memory."""

    def stream(self, instance: StoredInstance, byte_range: ByteRange) -> Chunks:
        """A range of the file in chunks of bounded size."""


def value_content(
    reader: InstanceReader, instance: StoredInstance, byte_range: ByteRange, deflated_from: int | None
) -> Content:
    """The bytes of one range.

    With ``deflated_from``, where the deflate stream begins in the file, it counts bytes of the inflated data set.
    """

    def stream(wanted: ByteRange) -> Chunks:
        cut = ByteRange(byte_range.start + wanted.start, byte_range.start + wanted.stop)
        if deflated_from is None:
            return reader.stream(instance, cut)
        return _inflate(reader, instance, cut, deflated_from)

    return Content(len(byte_range), stream)


async def read_value(
    reader: InstanceReader, instance: StoredInstance, byte_range: ByteRange, deflated_from: int | None
) -> bytes:
    """The same bytes in memory: for what is small, or must be changed as a whole."""
    return b"".join([chunk async for chunk in value_content(reader, instance, byte_range, deflated_from).whole()])


async def _inflate(
    reader: InstanceReader, instance: StoredInstance, byte_range: ByteRange, deflated_from: int
) -> AsyncGenerator[bytes]:
    """Inflate in a worker, which asks the event loop for more of the file as it needs it."""
    compressed = reader.stream(instance, ByteRange(deflated_from, instance.size))
    pieces = inflate_ranges(map(bytes, in_worker(compressed, asyncio.get_running_loop())), [byte_range])
    while (piece := await run_cpu(next, pieces, None)) is not None:
        yield piece
