"""Blobs that are placed by the thread that commits their rows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from storage.blobs.local import PLACED_WITH_ROWS, LocalBlobStore
from storage.blobs.staged_file import LocalStagedBlob
from storage.errors import StorageUnavailable
from storage.index.sqlite import SqliteIndex
from storage.index.writer_turn import WriterTurn
from storage.placement import Placement
from storage.records import DuplicatePolicy
from storage.resource import ByteRange
from tests.contract.records import key, record


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[LocalBlobStore, SqliteIndex]]:
    blobs, index = LocalBlobStore(folder), await SqliteIndex.open(folder / "index.sqlite")
    yield blobs, index
    await index.close()
    await blobs.close()


async def sealed(blobs: LocalBlobStore, data: bytes) -> LocalStagedBlob:
    blob = blobs.stage()
    await blob.write(data)
    blob.seal()
    return blob


async def placement(blobs: LocalBlobStore, study: int, instances: int = 1) -> Placement:
    staged = [(await sealed(blobs, f"{study}.{n}".encode()), key(study, 1, n)) for n in range(instances)]
    placed = blobs.placement(staged)
    assert placed is not None
    return placed


async def add(index: SqliteIndex, study: int, placed: Placement) -> None:
    records = [replace(record(study, 1, n), blob_key=blob_key) for n, blob_key in enumerate(placed.keys)]
    await index.add(records, DuplicatePolicy.REJECT, placed)


async def test_the_bytes_are_there_when_the_rows_are(tmp_path: Path) -> None:
    async with opened(tmp_path) as (blobs, index):
        placed = await placement(blobs, 1, instances=3)
        await add(index, 1, placed)
        assert [await blobs.read(each, ByteRange(0, 3)) for each in placed.keys] == [b"1.0", b"1.1", b"1.2"]
        assert await index.known_blob_keys(placed.keys) == set(placed.keys)


async def test_one_that_cannot_be_placed_does_not_spoil_those_that_are_committed_with_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as (blobs, index):
        (tmp_path / "instances" / "1.2.2").write_bytes(b"where the folder of the second study should be")
        placed = {study: await placement(blobs, study) for study in range(1, 5)}
        with WriterTurn(tmp_path / "index.sqlite"):
            first = asyncio.create_task(add(index, 1, placed[1]))
            others = [asyncio.create_task(add(index, study, placed[study])) for study in (2, 3, 4)]
            await asyncio.sleep(0)  # all of them are in the queue now
        outcomes = await asyncio.gather(first, *others, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [type(None), StorageUnavailable, type(None), type(None)]
        keys = [each for study in placed.values() for each in study.keys]
        assert await index.known_blob_keys(keys) == {*placed[1].keys, *placed[3].keys, *placed[4].keys}
        assert len(list((tmp_path / "instances").rglob("*.dcm"))) == 3


async def test_what_takes_long_is_not_for_that_thread(tmp_path: Path) -> None:
    async with opened(tmp_path) as (blobs, _):
        many = [(await sealed(blobs, b"x"), key(1, 1, n)) for n in range(PLACED_WITH_ROWS + 1)]
        assert blobs.placement(many) is None
        long = await sealed(blobs, bytes(1 << 20))
        assert blobs.placement([(long, key(2, 1, 1))]) is None


async def test_a_closed_index_places_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as (blobs, index):
        placed = await placement(blobs, 1)
        await index.close()
        with pytest.raises(StorageUnavailable):
            await add(index, 1, placed)
        assert not list((tmp_path / "instances").rglob("*.dcm"))
