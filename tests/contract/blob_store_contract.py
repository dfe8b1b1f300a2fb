"""What every blob store must do; a store's test class inherits it and provides ``store``."""

import asyncio
import time

import pytest

from storage.blobs.protocol import CHUNK_BYTES, BlobStore, PlacedBlob
from storage.errors import BlobNotFound
from storage.resource import ByteRange, ResourceKey

INSTANCE = ResourceKey("1.2", "1.2.3", "1.2.3.4")


async def stored(store: BlobStore, data: bytes, resource: ResourceKey = INSTANCE) -> str:
    blob = store.stage()
    await blob.write(data)
    blob.seal()
    [key] = await store.place([(blob, resource)])
    await store.settle([key])
    return key


async def listed(store: BlobStore) -> dict[str, PlacedBlob]:
    """Every blob by its key."""
    batches = [batch async for batch in store.placed()]
    assert all(batches)
    blobs = [blob for batch in batches for blob in batch]
    assert len({blob.key for blob in blobs}) == len(blobs)
    return {blob.key: blob for blob in blobs}


class BlobStoreContract:
    async def test_what_was_placed_is_read_back_whole_and_in_ranges(self, store: BlobStore) -> None:
        data = bytes(range(256)) * 10
        key = await stored(store, data)
        assert await store.read(key, ByteRange(0, len(data))) == data
        assert await store.read(key, ByteRange(100, 300)) == data[100:300]
        assert await store.read(key, ByteRange(7, 7)) == b""

    async def test_a_staged_blob_is_readable_at_any_place_while_it_grows(self, store: BlobStore) -> None:
        blob = store.stage()
        expected = b""
        for piece in (b"begin", b"x" * CHUNK_BYTES, b"middle", b"y" * (CHUNK_BYTES // 2), b"end"):
            await blob.write(piece)
            expected += piece
            assert blob.size == len(expected)
            assert blob.read(0, blob.size) == expected
        for start, stop in ((0, 3), (CHUNK_BYTES - 5, CHUNK_BYTES + 20), (len(expected) - 4, len(expected) + 100)):
            assert blob.read(start, stop) == expected[start:stop]
        await blob.discard()

    @pytest.mark.parametrize("size", [1_000, CHUNK_BYTES // 2, CHUNK_BYTES + 1_000])
    async def test_what_is_written_ahead_is_placed_once_and_whole(self, store: BlobStore, size: int) -> None:
        blob, data = store.stage(), bytes(range(250)) * (size // 250)
        await blob.write(data)
        for _ in range(2):
            blob.write_ahead()
            assert blob.read(0, blob.size) == data
        await blob.write(b"more")
        assert blob.read(len(data) - 2, blob.size) == data[-2:] + b"more"
        blob.seal()
        [key] = await store.place([(blob, INSTANCE)])
        await store.settle([key])
        assert await store.read(key, ByteRange(0, len(data) + 4)) == data + b"more"

    async def test_a_long_blob_streams_in_bounded_chunks(self, store: BlobStore) -> None:
        data = bytes(range(251)) * (3 * CHUNK_BYTES // 251)
        key = await stored(store, data)
        chunks = [bytes(chunk) async for chunk in store.stream(key, ByteRange(10, len(data) - 10))]
        assert b"".join(chunks) == data[10:-10]
        assert max(map(len, chunks)) <= CHUNK_BYTES

    async def test_several_blobs_are_placed_at_once_in_order(self, store: BlobStore) -> None:
        blobs = []
        for number in range(5):
            blob = store.stage()
            await blob.write(b"%d" % number)
            blob.seal()
            blobs.append((blob, ResourceKey("1.2", f"1.2.{number % 2}", f"1.2.3.{number}")))
        keys = await store.place(blobs)
        assert [await store.read(key, ByteRange(0, 1)) for key in keys] == [b"0", b"1", b"2", b"3", b"4"]

    async def test_the_same_instance_placed_twice_has_two_keys(self, store: BlobStore) -> None:
        one, other = await stored(store, b"one"), await stored(store, b"other")
        assert one != other
        assert await store.read(one, ByteRange(0, 3)) == b"one"

    async def test_an_empty_blob_is_a_blob(self, store: BlobStore) -> None:
        key = await stored(store, b"")
        assert await store.read(key, ByteRange(0, 0)) == b""

    async def test_a_deleted_blob_is_gone_and_may_be_deleted_again(self, store: BlobStore) -> None:
        key, other = await stored(store, b"data"), await stored(store, b"other")
        await store.delete([key])
        await store.delete([key])
        with pytest.raises(BlobNotFound):
            await store.read(key, ByteRange(0, 4))
        assert await store.read(other, ByteRange(0, 5)) == b"other"

    async def test_an_unknown_key_is_not_found(self, store: BlobStore) -> None:
        with pytest.raises(BlobNotFound):
            await store.read("1.2/1.2.3/1.2.3.4.0000.dcm", ByteRange(0, 1))
        with pytest.raises(BlobNotFound):
            _ = [chunk async for chunk in store.stream("1.2/1.2.3/1.2.3.4.0000.dcm", ByteRange(0, 1))]

    async def test_a_range_beyond_the_end_is_refused_not_shortened(self, store: BlobStore) -> None:
        key = await stored(store, b"data")
        with pytest.raises(BlobNotFound):
            await store.read(key, ByteRange(0, 5))

    async def test_discarding_is_harmless_at_any_time(self, store: BlobStore) -> None:
        for size in (0, 10, 2 * CHUNK_BYTES):
            blob = store.stage()
            await blob.write(b"x" * size)
            await blob.discard()
            await blob.discard()
        blob = store.stage()
        await blob.write(b"placed")
        blob.seal()
        [key] = await store.place([(blob, INSTANCE)])
        await blob.discard()
        assert await store.read(key, ByteRange(0, 6)) == b"placed"

    async def test_stores_and_deletes_of_one_series_do_not_disturb_one_another(self, store: BlobStore) -> None:
        async def come_and_go(number: int) -> None:
            for _ in range(10):
                key = await stored(store, b"data", ResourceKey("1.2", "1.2.3", f"1.2.3.{number}"))
                assert await store.read(key, ByteRange(0, 4)) == b"data"
                await store.delete([key])

        await asyncio.gather(*(come_and_go(number) for number in range(8)))

    async def test_all_that_is_placed_is_listed_and_found_with_its_length_and_nothing_else(
        self, store: BlobStore
    ) -> None:
        assert await listed(store) == {}
        began = time.time()
        sizes = {}
        for number, size in enumerate((0, 10, CHUNK_BYTES + 1)):
            sizes[await stored(store, b"x" * size, ResourceKey("1.2", f"1.2.{number}", f"1.2.3.{number}"))] = size
        growing = store.stage()
        await growing.write(b"not placed")
        blobs = await listed(store)
        assert {key: blob.size for key, blob in blobs.items()} == sizes
        for key, blob in blobs.items():
            assert abs(blob.written - began) < 60  # seconds; some stores tell whole ones, by a clock of their own
            assert blob.is_young
            assert await store.find(key) == blob
        await growing.discard()

    async def test_what_is_deleted_is_listed_and_found_no_more(self, store: BlobStore) -> None:
        gone, other = await stored(store, b"gone"), await stored(store, b"other")
        await store.delete([gone])
        assert set(await listed(store)) == {other}
        assert await store.find(gone) is None
        assert await store.find("1.2/1.2.3/1.2.3.4.0000.dcm") is None
