import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from storage.blobs.disk_cache import DiskCache
from storage.blobs.object_client import ObjectClient
from storage.blobs.object_reader import BLOCK_BYTES, ObjectReader
from storage.errors import BlobNotFound
from storage.resource import ByteRange

DATA = os.urandom(6 * BLOCK_BYTES + 1234)


class CountingClient(ObjectClient):
    """Knows what was asked for."""

    def __init__(self) -> None:
        super().__init__("memory:///", {})
        self.asked: list[ByteRange] = []

    async def get(self, path: str, byte_range: ByteRange) -> bytes:
        self.asked.append(byte_range)
        return await super().get(path, byte_range)


@pytest.fixture
async def client() -> CountingClient:
    client = CountingClient()
    await client.put("instances/s/1.dcm", DATA)
    return client


def reader(client: CountingClient, folder: Path) -> ObjectReader:
    return ObjectReader(client, DiskCache(folder, 1 << 30))


async def read(reader: ObjectReader, start: int, stop: int) -> bytes:
    return b"".join([piece async for piece in reader.stream("s/1.dcm", ByteRange(start, stop))])


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        (0, 1),
        (BLOCK_BYTES - 1, BLOCK_BYTES),
        (BLOCK_BYTES - 1, BLOCK_BYTES + 1),
        (BLOCK_BYTES, 2 * BLOCK_BYTES),
        (100, len(DATA)),
        (len(DATA) - 1, len(DATA)),
        (5, 5),
    ],
)
async def test_a_range_is_read_exactly(client: CountingClient, tmp_path: Path, start: int, stop: int) -> None:
    for _ in range(2):  # from afar, then from the cache
        assert await read(reader(client, tmp_path), start, stop) == DATA[start:stop]


async def test_neighbors_share_a_request(client: CountingClient, tmp_path: Path) -> None:
    near = reader(client, tmp_path)
    frames: Sequence[int] = range(0, BLOCK_BYTES - 5000, 5000)
    assert [await read(near, start, start + 5000) for start in frames] == [DATA[at : at + 5000] for at in frames]
    assert client.asked == [ByteRange(0, BLOCK_BYTES)]


async def test_those_who_ask_at_once_share_a_request(client: CountingClient, tmp_path: Path) -> None:
    near = reader(client, tmp_path)
    answers = await asyncio.gather(*(read(near, start, start + 10) for start in range(8)))
    assert answers == [DATA[start : start + 10] for start in range(8)]
    assert len(client.asked) == 1


async def test_blocks_side_by_side_are_one_request_and_those_that_are_there_are_not_asked_for(
    client: CountingClient, tmp_path: Path
) -> None:
    near = reader(client, tmp_path)
    await read(near, 2 * BLOCK_BYTES, 2 * BLOCK_BYTES + 1)
    client.asked.clear()
    assert await read(near, 0, 4 * BLOCK_BYTES) == DATA[: 4 * BLOCK_BYTES]
    assert client.asked == [ByteRange(0, 2 * BLOCK_BYTES), ByteRange(3 * BLOCK_BYTES, 4 * BLOCK_BYTES)]


async def test_no_request_is_for_more_than_is_held_in_memory(client: CountingClient, tmp_path: Path) -> None:
    await read(reader(client, tmp_path), 0, len(DATA))
    assert max(map(len, client.asked)) <= 4 * BLOCK_BYTES


@pytest.mark.parametrize("start", [0, len(DATA) - 10])
async def test_a_range_beyond_the_end_is_refused(client: CountingClient, tmp_path: Path, start: int) -> None:
    with pytest.raises(BlobNotFound):
        await read(reader(client, tmp_path), start, 7 * BLOCK_BYTES + 1)


async def test_what_fails_is_asked_for_again(client: CountingClient, tmp_path: Path) -> None:
    near = reader(client, tmp_path)
    await client.delete(["instances/s/1.dcm"])
    with pytest.raises(BlobNotFound):
        await read(near, 0, 1)
    await client.put("instances/s/1.dcm", DATA)
    assert await read(near, 0, 1) == DATA[:1]


async def test_a_block_that_a_power_cut_has_shortened_is_fetched_again(client: CountingClient, tmp_path: Path) -> None:
    await read(reader(client, tmp_path), 0, 100)
    [block] = [path for path in tmp_path.rglob("*") if path.is_file()]
    block.write_bytes(b"")
    near = reader(client, tmp_path)
    assert [await read(near, 0, 100) for _ in range(2)] == [DATA[:100]] * 2
    assert len(client.asked) == 2
