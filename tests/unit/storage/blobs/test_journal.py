"""What the journal is for: small blobs that were acknowledged survive a crash, whatever became of their files."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.blobs import journal
from storage.blobs.journal import HALF_BYTES, JOURNALED_BYTES, Journal, restore
from storage.blobs.local import LocalBlobStore
from storage.errors import StorageUnavailable
from storage.resource import ByteRange

PLACE_AND_DIE = """
import asyncio, os, sys
from pathlib import Path
from storage.blobs.local import LocalBlobStore
from storage.resource import ResourceKey

async def main():
    store = LocalBlobStore(Path(sys.argv[1]))
    for number in range(int(sys.argv[2])):
        blob = store.stage()
        await blob.write(bytes([number % 251]) * 50_000)
        blob.seal()
        [key] = await store.place([(blob, ResourceKey("1.2", "1.2.3", f"1.2.3.{number}"))])
        await store.settle([key])
        print(key, flush=True)
    os.kill(os.getpid(), 9)

asyncio.run(main())
"""


def place_and_die(folder: Path, count: int) -> list[str]:
    """A process that places blobs of 50 000 bytes and is killed; the keys that it placed."""
    command = [sys.executable, "-c", PLACE_AND_DIE, str(folder), str(count)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    return done.stdout.split()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[tuple[Journal, Path, Path]]:
    folder, root = tmp_path / "staging", tmp_path / "instances"
    folder.mkdir()
    root.mkdir()
    kept = Journal(folder, root)
    yield kept, folder, root
    kept.close()


async def test_files_that_a_power_cut_took_are_written_again(tmp_path: Path) -> None:
    gone, emptied, overwritten, whole = keys = place_and_die(tmp_path, 4)
    instances = tmp_path / "instances"
    (instances / gone).unlink()
    (instances / emptied).write_bytes(b"")
    (instances / overwritten).write_bytes(bytes(50_000))
    store = LocalBlobStore(tmp_path)
    for number, key in enumerate(keys):
        assert await store.read(key, ByteRange(0, 50_000)) == bytes([number]) * 50_000
    await store.close()
    assert (instances / whole).read_bytes() == bytes([3]) * 50_000


async def test_folders_that_a_power_cut_took_are_made_again(tmp_path: Path) -> None:
    [key] = place_and_die(tmp_path, 1)
    shutil.rmtree(tmp_path / "instances")
    store = LocalBlobStore(tmp_path)
    assert await store.read(key, ByteRange(0, 50_000)) == bytes(50_000)
    await store.close()


async def test_what_the_journal_brings_back_is_in_doubt_as_it_may_have_been_deleted(tmp_path: Path) -> None:
    keys = place_and_die(tmp_path, 3)
    (tmp_path / "instances" / keys[1]).unlink()
    store = LocalBlobStore(tmp_path)
    assert set(keys) <= set(await store.unsettled())
    await store.close()


async def test_the_journal_goes_round_and_stays_small(tmp_path: Path) -> None:
    count = 3 * HALF_BYTES // 50_000
    keys = place_and_die(tmp_path, count)
    assert len(keys) == count
    [folder] = [path for path in (tmp_path / "staging").iterdir() if path.is_dir()]
    assert sum(path.stat().st_size for path in folder.glob("journal-*")) <= 2 * HALF_BYTES
    # The last half-journal's worth is always there; what came long before has been synced by itself.
    for key in keys[-(HALF_BYTES // 50_100) :]:
        (tmp_path / "instances" / key).unlink()
    store = LocalBlobStore(tmp_path)
    for number, key in enumerate(keys):
        assert await store.read(key, ByteRange(0, 50_000)) == bytes([number % 251]) * 50_000
    await store.close()


def test_a_record_that_was_cut_short_ends_the_journal(kept: tuple[Journal, Path, Path]) -> None:
    writer, folder, root = kept
    writer.append([("a/b/1", b"one"), ("a/b/2", b"two")])
    half = folder / "journal-0"
    written = half.read_bytes().rstrip(b"\0")
    half.write_bytes(written[:-1])
    assert restore(folder, root) == {"a/b/1"}
    assert (root / "a/b/1").read_bytes() == b"one"
    assert not (root / "a/b/2").exists()


def test_a_record_with_other_bytes_than_were_written_is_not_restored(kept: tuple[Journal, Path, Path]) -> None:
    writer, folder, root = kept
    writer.append([("a/b/1", b"one")])
    half = folder / "journal-0"
    half.write_bytes(half.read_bytes().replace(b"one", b"eno"))
    assert restore(folder, root) == set()


def test_files_that_could_not_be_synced_are_written_again_before_the_journal_forgets_them(
    kept: tuple[Journal, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, _, root = kept
    really_sync = journal._sync_file_system
    failures = [OSError(errno.EIO, os.strerror(errno.EIO))]

    def lose_the_files_once(descriptor: int) -> None:
        if failures:
            for path in root.rglob("first-*"):
                path.unlink()
            raise failures.pop()
        really_sync(descriptor)

    monkeypatch.setattr(journal, "_sync_file_system", lose_the_files_once)
    data = bytes(JOURNALED_BYTES)
    in_a_half = HALF_BYTES // (len(data) + 100)
    writer.append([(f"a/first-{number:03}", data) for number in range(in_a_half)])
    writer.append([(f"a/second-{number:03}", data) for number in range(in_a_half)])
    with pytest.raises(StorageUnavailable):
        writer.append([("a/third-000", data)])
    writer.append([("a/third-000", data)])
    assert len(list(root.rglob("first-*"))) == in_a_half
