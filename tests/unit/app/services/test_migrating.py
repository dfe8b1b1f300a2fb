"""A migration between stores that change, or err, at the worst moment."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.services.archive import Archive
from app.services.findings import Finding
from app.services.migrating import Migration
from storage.blobs.memory import MemoryBlobStore
from storage.errors import BlobNotFound, StorageUnavailable
from storage.index.protocol import Index
from storage.index.sqlite import SqliteIndex
from storage.resource import ByteRange, ResourceKey
from tests.examples import new_instance, part10
from tests.unit.app.services.archives import store


class Sweeping(MemoryBlobStore):
    """A store in which an instance is deleted, row and bytes, just before it is read."""

    index: Index

    async def stream(self, key: str, byte_range: ByteRange) -> AsyncIterator[bytes]:
        async for batch in self.index.instances(ResourceKey()):
            for instance in batch:
                await self.index.delete(instance.key)
        await self.delete([key])
        raise BlobNotFound("the stored bytes are no longer there")
        yield b""


class Garbling(MemoryBlobStore):
    """A store that does not give back what it was given."""

    async def stream(self, key: str, byte_range: ByteRange) -> AsyncIterator[bytes]:
        async for chunk in super().stream(key, byte_range):
            yield chunk[:-1] + b"?"


async def opened(folder: Path, blobs: MemoryBlobStore) -> Archive:
    return Archive(blobs, await SqliteIndex.open(folder / "index.sqlite"))


async def findings(source: Archive, target: Archive) -> list[Finding]:
    return [finding async for step in Migration(source, target).run() for finding in step.findings]


async def count(archive: Archive) -> int:
    return len([each async for batch in archive.index.instances(ResourceKey()) for each in batch])


async def test_what_is_deleted_while_it_is_copied_is_no_finding(tmp_path: Path) -> None:
    blobs = Sweeping()
    source, target = await opened(tmp_path / "source", blobs), await opened(tmp_path / "target", MemoryBlobStore())
    blobs.index = source.index
    await store(source, part10(new_instance()))
    assert await findings(source, target) == []
    assert await count(target) == 0
    for archive in (source, target):
        await archive.close()


async def test_bytes_that_the_target_does_not_give_back_get_no_row_and_leave_no_trace(tmp_path: Path) -> None:
    blobs = Garbling()
    source, target = await opened(tmp_path / "source", MemoryBlobStore()), await opened(tmp_path / "target", blobs)
    await store(source, part10(new_instance()))
    with pytest.raises(StorageUnavailable):
        await findings(source, target)
    assert await count(target) == 0
    assert [batch async for batch in blobs.placed()] == []
    for archive in (source, target):
        await archive.close()
