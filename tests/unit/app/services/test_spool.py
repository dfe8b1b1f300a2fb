"""What is written to a spool is read again from any place, whether it is in memory or in a file."""

import pytest

from app.services.spool import IN_MEMORY_BYTES, Spool
from storage.blobs.protocol import CHUNK_BYTES
from storage.resource import ByteRange


@pytest.mark.parametrize("length", [0, 10, IN_MEMORY_BYTES + 3])
async def test_every_run_of_bytes_comes_back_in_chunks(length: int) -> None:
    data = bytes(number % 251 for number in range(1000)) * (length // 1000 + 1)
    spool = Spool()
    await spool.write(data[: length // 2])
    await spool.write(data[length // 2 : length])
    content = spool.content()
    for byte_range in (ByteRange(0, length), ByteRange(length // 3, length // 2)):
        chunks = [chunk async for chunk in content.stream(byte_range)]
        assert b"".join(map(bytes, chunks)) == data[byte_range.start : byte_range.stop]
        assert all(len(chunk) <= CHUNK_BYTES for chunk in chunks)
    assert content.length == length
