"""What is special about a folder: its layout, what outlives the process, and a disk that fails."""

import asyncio
import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from storage.blobs import local
from storage.blobs.journal import JOURNALED_BYTES
from storage.blobs.local import OPEN_FILES, LocalBlobStore
from storage.blobs.protocol import CHUNK_BYTES
from storage.blobs.staging import NOTES_BYTES
from storage.errors import StorageFull, StorageUnavailable
from storage.resource import ByteRange, ResourceKey
from tests.contract.blob_store_contract import INSTANCE, stored

DIE_AFTER_PLACING = """
import asyncio, os, sys
from pathlib import Path
from storage.blobs.local import LocalBlobStore
from storage.resource import ResourceKey

async def main():
    store = LocalBlobStore(Path(sys.argv[1]))
    half_received = store.stage()
    await half_received.write(b"x" * (2 << 20))
    blob = store.stage()
    await blob.write(b"placed")
    blob.seal()
    [key] = await store.place([(blob, ResourceKey("1.2", "1.2.3", "1.2.3.4"))])
    print(key, flush=True)
    os.kill(os.getpid(), 9)

asyncio.run(main())
"""


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def die_after_placing(folder: Path) -> str:
    """A process that is killed between placing a blob and settling it; the key that it placed."""
    command = [sys.executable, "-c", DIE_AFTER_PLACING, str(folder)]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout.strip()


async def test_an_instance_is_one_file_named_by_its_uids(tmp_path: Path) -> None:
    store = LocalBlobStore(tmp_path)
    key = await stored(store, b"data")
    await store.close()
    [file] = (tmp_path / "instances" / "1.2" / "1.2.3").iterdir()
    assert file.name.startswith("1.2.3.4.")
    assert file.suffix == ".dcm"
    assert file.read_bytes() == b"data"
    assert key == f"1.2/1.2.3/{file.name}"


async def test_nothing_but_the_instances_is_left_after_an_orderly_end(tmp_path: Path) -> None:
    store = LocalBlobStore(tmp_path)
    key = await stored(store, b"data")
    blob = store.stage()
    await blob.write(b"x" * 2 * CHUNK_BYTES)
    await blob.discard()
    await store.close()
    assert files_below(tmp_path) == {f"instances/{key}"}


async def test_the_last_file_of_a_series_takes_the_empty_folders_with_it(tmp_path: Path) -> None:
    store = LocalBlobStore(tmp_path)
    key = await stored(store, b"data")
    await store.delete([key])
    await store.close()
    assert list((tmp_path / "instances").iterdir()) == []


async def test_what_a_killed_process_placed_is_in_doubt_and_what_it_received_is_removed(tmp_path: Path) -> None:
    key = die_after_placing(tmp_path)
    store = LocalBlobStore(tmp_path)
    assert await store.unsettled() == [key]
    assert await store.read(key, ByteRange(0, 6)) == b"placed"
    await store.settle([key])
    assert await store.unsettled() == []
    await store.close()
    assert files_below(tmp_path) == {f"instances/{key}"}


async def test_doubt_lasts_until_it_is_settled(tmp_path: Path) -> None:
    key = die_after_placing(tmp_path)
    for _ in range(2):
        store = LocalBlobStore(tmp_path)
        assert await store.unsettled() == [key]
        await store.close()


async def test_notes_do_not_grow_with_what_is_stored(tmp_path: Path) -> None:
    store = LocalBlobStore(tmp_path)
    for _ in range(2 * NOTES_BYTES // 40):
        await stored(store, b"")
    [notes] = (tmp_path / "staging").rglob("notes")
    assert notes.stat().st_size < NOTES_BYTES + 100
    await store.close()


async def test_a_living_process_keeps_its_staging_folder(tmp_path: Path) -> None:
    one = LocalBlobStore(tmp_path)
    blob = one.stage()
    await blob.write(b"x" * 2 * CHUNK_BYTES)
    sealed = one.stage()
    await sealed.write(b"placed")
    sealed.seal()
    await one.place([(sealed, INSTANCE)])
    other = LocalBlobStore(tmp_path)
    assert await other.unsettled() == []
    assert blob.read(0, 1) == b"x"
    await blob.discard()
    await other.close()
    await one.close()


async def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalBlobStore(tmp_path)
    blob = store.stage()

    def no_room(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", no_room)
        with pytest.raises(StorageFull):
            await blob.write(b"x" * 2 * CHUNK_BYTES)
    await blob.discard()
    assert await store.read(await stored(store, b"data"), ByteRange(0, 4)) == b"data"
    await store.close()


@pytest.mark.parametrize("size", [4, 2 * CHUNK_BYTES])
async def test_folders_that_are_gone_are_a_fault_of_the_store_not_of_who_stores(tmp_path: Path, size: int) -> None:
    store = LocalBlobStore(tmp_path)
    shutil.rmtree(tmp_path)
    with pytest.raises(StorageUnavailable):
        await stored(store, b"x" * size)
    await store.close()


async def test_a_blob_to_hold_has_no_file_until_it_is_placed_and_is_synced_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalBlobStore(tmp_path)
    before = files_below(tmp_path / "staging")
    data = os.urandom(JOURNALED_BYTES + 1)
    blob = store.stage()
    await blob.write(data)
    blob.seal(hold=True)
    assert files_below(tmp_path / "staging") == before
    assert store.placement([(blob, INSTANCE)]) is None  # the thread that commits waits for no long sync
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(str(Path(f"/proc/self/fd/{file}").readlink())))
    [key] = await store.place([(blob, INSTANCE)])
    path = tmp_path / "instances" / key
    assert path.read_bytes() == data
    assert {str(path), str(path.parent), str(path.parent.parent)} <= set(synced)
    await blob.discard()  # harmless
    assert path.read_bytes() == data
    await store.close()


async def test_a_blob_to_hold_that_has_a_file_already_is_placed_whole(tmp_path: Path) -> None:
    store = LocalBlobStore(tmp_path)
    data = os.urandom(CHUNK_BYTES + 100)
    blob = store.stage()
    await blob.write(data[:CHUNK_BYTES])
    await blob.write(data[CHUNK_BYTES:])
    blob.seal(hold=True)
    [key] = await store.place([(blob, INSTANCE)])
    assert (tmp_path / "instances" / key).read_bytes() == data
    await store.close()


@pytest.mark.parametrize(
    ("size", "hold", "step"),
    [
        (4, False, "write_into"),
        (JOURNALED_BYTES + 1, True, "write_into"),
        (JOURNALED_BYTES + 1, False, "move_into"),
        (JOURNALED_BYTES + 1, True, "sync_folder"),
    ],
)
async def test_a_placing_that_fails_places_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, hold: bool, step: str
) -> None:
    store = LocalBlobStore(tmp_path)
    blobs = []
    for number in range(3):
        blob = store.stage()
        await blob.write(bytes(size))
        blob.seal(hold=hold)
        blobs.append((blob, ResourceKey("1.2", "1.2.3", f"1.2.3.{number}")))
    really = getattr(local, step)
    done: list[object] = []

    def fail_at_the_third(*arguments: object) -> list[Path]:
        if len(done) == 2:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        done.append(arguments)
        changed: list[Path] = really(*arguments)
        return changed

    with monkeypatch.context() as patch:
        patch.setattr(local, step, fail_at_the_third)
        with pytest.raises(StorageUnavailable):
            await store.place(blobs)
    assert files_below(tmp_path / "instances") == set()
    await store.close()


async def test_more_files_are_read_than_may_be_open(tmp_path: Path) -> None:
    store = LocalBlobStore(tmp_path)
    keys = [await stored(store, b"%06d" % number) for number in range(OPEN_FILES + 20)]
    for _ in range(2):
        read = await asyncio.gather(*(store.read(key, ByteRange(0, 6)) for key in keys))
        assert [int(data) for data in read] == list(range(OPEN_FILES + 20))
    await store.close()
    assert len(list(Path("/proc/self/fd").iterdir())) < OPEN_FILES
