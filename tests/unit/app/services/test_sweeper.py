import asyncio
import subprocess
import sys
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest

import tests
from app.services import sweeper
from app.services.archive import Archive
from app.services.sweeper import Sweeper
from storage.blobs.memory import MemoryBlobStore
from storage.errors import StorageUnavailable
from storage.index.sqlite import SqliteIndex
from storage.resource import ByteRange
from tests.contract.asking import unneeded_blobs
from tests.contract.blob_store_contract import stored
from tests.contract.records import key, record
from tests.unit.app.services.archives import instance_files, opened

DIE = """
import asyncio, os, sys
from dataclasses import replace
from pathlib import Path
from storage.records import DuplicatePolicy
from tests.contract.blob_store_contract import stored
from tests.contract.records import key, record
from tests.unit.app.services.archives import opened

async def main(folder: Path, bytes_are_deleted: bool) -> None:
    async with opened(folder) as archive:
        for number, content in ((1, "kept"), (2, "deleted"), (3, "old"), (3, "new")):
            offered = record(number, content=content)
            blob_key = await stored(archive.blobs, content.encode(), offered.key)
            await archive.index.add([replace(offered, blob_key=blob_key)], DuplicatePolicy.REPLACE)
        await archive.index.delete(key(2))
        if bytes_are_deleted:
            await archive.blobs.delete(await archive.index.unneeded_blobs(0, 10))
        os.kill(os.getpid(), 9)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2] == "True"))
"""
"""Replaces one of three instances, deletes another, and is killed before or after their bytes are deleted."""


class FailingOnce(MemoryBlobStore):
    """The first deletion fails; ``deleted`` is set by the first one that does not."""

    def __init__(self) -> None:
        super().__init__()
        self.deleted = asyncio.Event()
        self._has_failed = False

    async def delete(self, keys: Collection[str]) -> None:
        if not self._has_failed:
            self._has_failed = True
            raise StorageUnavailable("the store does not answer")
        await super().delete(keys)
        self.deleted.set()


async def add_and_delete(archive: Archive, count: int) -> list[str]:
    """Blobs of instances that are deleted."""
    records = [record(1, 1, n) for n in range(count)]
    keys = [await stored(archive.blobs, b"data", each.key) for each in records]
    await archive.index.add([replace(each, blob_key=key) for each, key in zip(records, keys, strict=True)])
    await archive.index.delete(key(1))
    return keys


@pytest.mark.parametrize("bytes_are_deleted", [False, True])
async def test_what_a_killed_process_had_not_removed_yet_goes_after_the_next_start(
    tmp_path: Path, bytes_are_deleted: bool
) -> None:
    command = [sys.executable, "-c", DIE, str(tmp_path), str(bytes_are_deleted)]
    died = subprocess.run(command, cwd=Path(tests.__file__).parents[1], check=False)
    assert died.returncode == -9
    assert len(instance_files(tmp_path)) == (2 if bytes_are_deleted else 4)
    async with opened(tmp_path) as archive:
        again = Sweeper(archive.blobs, archive.index, grace_seconds=0)
        await again.delete_orphans()
        await again.delete_unneeded()
        assert sorted(instance_files(tmp_path)) == [b"kept", b"new"]
        assert await unneeded_blobs(archive.index) == set()


async def test_nothing_is_deleted_when_the_index_was_lost(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    command = [sys.executable, "-c", DIE, str(tmp_path), "False"]
    subprocess.run(command, cwd=Path(tests.__file__).parents[1], check=False)
    for file in tmp_path.glob("index.sqlite*"):
        file.unlink()
    async with opened(tmp_path) as archive:
        await Sweeper(archive.blobs, archive.index).delete_orphans()
    async with opened(tmp_path) as archive:
        await Sweeper(archive.blobs, archive.index).delete_orphans()
    assert sorted(instance_files(tmp_path)) == [b"deleted", b"kept", b"new", b"old"]
    assert [record.message for record in caplog.records if "fovea reindex" in record.message]


async def test_bytes_of_a_deleted_instance_stay_for_those_who_have_looked_it_up(tmp_path: Path) -> None:
    async with opened(tmp_path) as archive:
        [blob_key] = await add_and_delete(archive, 1)
        await Sweeper(archive.blobs, archive.index).delete_unneeded()
        assert await archive.blobs.read(blob_key, ByteRange(0, 4)) == b"data"
        assert await unneeded_blobs(archive.index) == {blob_key}


async def test_two_processes_that_sweep_at_once_do_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper, "BLOBS_AT_ONCE", 7)
    async with opened(tmp_path) as one, opened(tmp_path) as other:
        await add_and_delete(one, 40)
        kept = await stored(one.blobs, b"kept", key(2, 1, 1))
        await one.index.add([replace(record(2), blob_key=kept)])
        sweepers = [Sweeper(each.blobs, each.index, grace_seconds=0) for each in (one, other)]
        await asyncio.gather(*(each.delete_unneeded() for each in sweepers))
        assert instance_files(tmp_path) == [b"kept"]
        assert await unneeded_blobs(one.index) == set()


async def test_a_pass_that_fails_is_followed_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper, "PAUSE_SECONDS", 0)
    blobs = FailingOnce()
    archive = Archive(blobs, await SqliteIndex.open(tmp_path / "index.sqlite"))
    await add_and_delete(archive, 1)
    passes = Sweeper(blobs, archive.index, grace_seconds=0)
    passes.start()
    async with asyncio.timeout(10):
        await blobs.deleted.wait()
    await passes.stop()
    await archive.close()


async def test_an_archive_that_was_swept_closes_while_passes_go_on(tmp_path: Path) -> None:
    async with opened(tmp_path) as archive:
        await archive.sweep()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        assert len(tasks) == 1
    assert all(task.cancelled() for task in tasks)


async def test_nothing_is_swept_while_another_process_is_at_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as one, opened(tmp_path) as other:
        await add_and_delete(one, 1)
        passes = Sweeper(one.blobs, one.index, grace_seconds=0)
        async with other.index.sweeping_turn():
            await passes.delete_unneeded()
            assert instance_files(tmp_path) == [b"data"]
        await passes.delete_unneeded()
        assert instance_files(tmp_path) == []
