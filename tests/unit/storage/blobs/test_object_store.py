"""Uploads that come in, break off and fail, against a real S3 server."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import tests
from storage.blobs.object_client import PART_BYTES
from storage.blobs.object_options import ObjectStoreOptions
from storage.blobs.object_staging import ObjectStagedBlob
from storage.blobs.object_store import ObjectBlobStore
from storage.blobs.protocol import CHUNK_BYTES
from storage.errors import BlobNotFound, StorageUnavailable
from storage.resource import ByteRange
from tests.contract.blob_store_contract import INSTANCE, stored
from tests.live_server import free_port
from tests.swift_server import SwiftServer

BIG = 3 * PART_BYTES + 12_345

DIE = """
import asyncio, os, sys
from pathlib import Path
from storage.blobs.object_options import ObjectStoreOptions
from storage.blobs.object_store import ObjectBlobStore
from tests.contract.blob_store_contract import INSTANCE, stored

async def main() -> None:
    store = ObjectBlobStore(sys.argv[1], ObjectStoreOptions(Path(sys.argv[2])))
    print(await stored(store, b"settled"))
    blob = store.stage()
    await blob.write(b"unsettled")
    blob.seal()
    print(*await store.place([(blob, INSTANCE)]), flush=True)
    os.kill(os.getpid(), 9)

asyncio.run(main())
"""
"""Stores two blobs, settles one of them, and is killed."""


@pytest.fixture
def url(swift: SwiftServer) -> str:
    return f"s3://{swift.new_bucket()}/archive"


@pytest.fixture
async def store(swift: SwiftServer, url: str, tmp_path: Path) -> AsyncIterator[ObjectBlobStore]:
    store = ObjectBlobStore(url, ObjectStoreOptions(tmp_path, client=swift.options))
    yield store
    await store.close()


async def paths(swift: SwiftServer, url: str) -> list[str]:
    """What a client finds in the bucket."""
    return [meta["path"] for meta in await swift.bucket(url.split("/")[2]).list().collect_async()]


async def write(blob: ObjectStagedBlob, data: bytes) -> None:
    for start in range(0, len(data), CHUNK_BYTES):
        await blob.write(data[start : start + CHUNK_BYTES])


async def test_a_big_blob_is_sent_while_it_comes_in(swift: SwiftServer, url: str, store: ObjectBlobStore) -> None:
    data = os.urandom(BIG)
    blob = store.stage()
    await write(blob, data)
    async with asyncio.timeout(20):
        while swift.stored_bytes() < 3 * PART_BYTES:
            await asyncio.sleep(0.05)
    assert not any("instances/" in path for path in await paths(swift, url))
    blob.seal()
    [key] = await store.place([(blob, INSTANCE)])
    await store.settle([key])
    assert b"".join([piece async for piece in store.stream(key, ByteRange(0, BIG))]) == data
    assert await store.read(key, ByteRange(BIG - 20_000, BIG)) == data[-20_000:]
    with pytest.raises(BlobNotFound):
        await store.read(key, ByteRange(10 * PART_BYTES, 10 * PART_BYTES + 1))


@pytest.mark.parametrize("is_sealed", [False, True])
async def test_a_big_blob_that_is_discarded_leaves_nothing(
    swift: SwiftServer, url: str, store: ObjectBlobStore, is_sealed: bool
) -> None:
    before = swift.stored_bytes()
    blob = store.stage()
    await write(blob, bytes(BIG))
    async with asyncio.timeout(20):
        while swift.stored_bytes() < before + PART_BYTES:
            await asyncio.sleep(0.05)
    if is_sealed:
        blob.seal()
        await blob.sent()
    await blob.discard()
    await blob.discard()
    assert not any("instances/" in path for path in await paths(swift, url))
    assert swift.stored_bytes() < before + 1000
    await store.close()
    assert await paths(swift, url) == []


async def test_what_is_sent_while_more_is_appended_is_right(store: ObjectBlobStore) -> None:
    """In pieces as small and uneven as a connection gives them."""
    data = os.urandom(3 * PART_BYTES + 321)
    blob = store.stage()
    for start in range(0, len(data), 65_521):
        await blob.write(data[start : start + 65_521])
        await asyncio.sleep(0)
    await asyncio.to_thread(blob.seal)
    [key] = await store.place([(blob, INSTANCE)])
    assert b"".join([piece async for piece in store.stream(key, ByteRange(0, len(data)))]) == data


async def test_bytes_on_their_way_in_have_no_name_on_the_disk(store: ObjectBlobStore, tmp_path: Path) -> None:
    blob = store.stage()
    await write(blob, bytes(2 * CHUNK_BYTES))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    await blob.discard()


async def test_when_one_of_several_cannot_be_placed_none_is(
    swift: SwiftServer, url: str, store: ObjectBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = []
    for data in (b"good", b"bad", bytes(BIG)):
        blob = store.stage()
        await write(blob, data)
        blob.seal()
        blobs.append(blob)

    def fail(start: int, stop: int) -> bytes:
        raise StorageUnavailable("the disk is away")

    monkeypatch.setattr(blobs[1], "read", fail)
    with pytest.raises(StorageUnavailable):
        await store.place([(blob, INSTANCE) for blob in blobs])
    for blob in blobs:
        await blob.discard()
    assert not any("instances/" in path for path in await paths(swift, url))


async def test_a_store_that_is_away_is_told_to_who_is_still_sending(tmp_path: Path) -> None:
    away = {"endpoint": f"http://127.0.0.1:{free_port()}", "access_key_id": "a", "secret_access_key": "b"}
    store = ObjectBlobStore("s3://bucket", ObjectStoreOptions(tmp_path, client=away))
    blob = store.stage()

    async def go_on_sending() -> None:
        while True:
            await blob.write(bytes(CHUNK_BYTES))
            await asyncio.sleep(0.01)

    with pytest.raises(StorageUnavailable):
        await asyncio.wait_for(go_on_sending(), 30)
    await blob.discard()
    await store.close()


async def test_deleted_bytes_leave_the_cache(store: ObjectBlobStore, tmp_path: Path) -> None:
    key = await stored(store, b"data")
    assert await store.read(key, ByteRange(0, 4)) == b"data"
    assert len(list(tmp_path.rglob("*.dcm.*"))) == 1
    await store.delete([key])
    assert list(tmp_path.rglob("*.dcm.*")) == []


async def test_what_a_killed_process_placed_is_in_doubt_a_lease_later(
    swift: SwiftServer, url: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", DIE, url, str(tmp_path)]
    environment = os.environ | swift.environment
    root = Path(tests.__file__).parents[1]
    died = subprocess.run(command, cwd=root, env=environment, check=False, capture_output=True, text=True)
    assert died.returncode == -9, died.stderr
    settled, unsettled = died.stdout.split()
    patient = ObjectBlobStore(url, ObjectStoreOptions(tmp_path, client=swift.options))
    assert await patient.unsettled() == []
    # To one whose leases are shorter than the time since, it is dead.
    impatient = ObjectBlobStore(url, ObjectStoreOptions(tmp_path, client=swift.options, lease_seconds=-60))
    assert sorted(await impatient.unsettled()) == sorted([settled, unsettled])
    await impatient.delete([unsettled])
    await impatient.settle([settled, unsettled])
    assert await impatient.unsettled() == []
    assert await paths(swift, url) == [f"archive/instances/{settled}"]
