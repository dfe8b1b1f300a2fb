"""A check whose archive changes, or fails, at the worst moment."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.services.archive import Archive
from app.services.checking import MOST_UNREADABLE, Check, CheckPlan
from app.services.findings import Finding, Problem, Step
from storage.blobs.memory import MemoryBlobStore
from storage.blobs.protocol import PlacedBlob
from storage.errors import StorageUnavailable
from storage.index.protocol import Index
from storage.index.sqlite import SqliteIndex
from storage.records import InstanceRecord
from storage.resource import ByteRange, ResourceKey
from tests.examples import new_instance, part10
from tests.unit.app.services.archives import store

PLAN = "rtplan.dcm"


class Sweeping(MemoryBlobStore):
    """A store in which an instance is deleted, row and bytes, just before its bytes are looked at."""

    index: Index

    async def find(self, key: str) -> PlacedBlob | None:
        async for batch in self.index.instances(ResourceKey()):
            for instance in batch:
                await self.index.delete(instance.key)
        await self.delete([key])
        return await super().find(key)


class Entering(MemoryBlobStore):
    """A store of old blobs; when one is read, its row is being added."""

    index: Index
    record: InstanceRecord

    async def find(self, key: str) -> PlacedBlob | None:
        found = await super().find(key)
        return found and replace(found, is_young=False)

    async def read(self, key: str, byte_range: ByteRange) -> bytes:
        await self.index.add([self.record])
        return await super().read(key, byte_range)


class Failing(MemoryBlobStore):
    """A store whose medium does not give what is on it."""

    async def stream(self, key: str, byte_range: ByteRange) -> AsyncIterator[bytes]:
        raise StorageUnavailable("a bad sector")
        yield b""


async def steps(pass_: AsyncIterator[Step]) -> list[Finding]:
    return [finding async for step in pass_ for finding in step.findings]


@pytest.fixture
async def index(tmp_path: Path) -> SqliteIndex:
    return await SqliteIndex.open(tmp_path / "index.sqlite")


async def test_what_is_deleted_while_it_is_looked_at_is_not_missing(index: SqliteIndex) -> None:
    blobs = Sweeping()
    blobs.index = index
    archive = Archive(blobs, index)
    await store(archive, part10(new_instance(PLAN)))
    assert await steps(Check(archive, CheckPlan()).instances()) == []
    await archive.close()


async def test_what_cannot_be_read_is_told_and_stays_until_it_is_too_much(index: SqliteIndex, tmp_path: Path) -> None:
    archive = Archive(Failing(), index)
    instances = [new_instance(PLAN) for _ in range(MOST_UNREADABLE + 1)]
    for instance in instances[:2]:
        await store(archive, part10(instance))
    plan = CheckPlan(move_damaged=tmp_path / "damaged")
    assert {finding.problem for finding in await steps(Check(archive, plan).instances())} == {Problem.UNREADABLE}
    assert len([each async for batch in index.instances(ResourceKey()) for each in batch]) == 2
    for instance in instances[2:]:
        await store(archive, part10(instance))
    with pytest.raises(StorageUnavailable):
        await steps(Check(archive, plan).instances())
    await archive.close()


async def test_what_gets_its_row_while_it_is_looked_at_is_not_deleted(index: SqliteIndex) -> None:
    archive = Archive(blobs := Entering(), index)
    await store(archive, part10(new_instance(PLAN)))
    [batch] = [batch async for batch in index.instances(ResourceKey())]
    [blobs.record] = await index.records(batch)
    blobs.index = index
    await index.delete(blobs.record.key)
    await index.forget_blobs([blobs.record.blob_key])
    plan = CheckPlan(delete_orphaned=True, delete_unindexed=True)
    assert await steps(Check(archive, plan).blobs()) == []
    assert await blobs.find(blobs.record.blob_key) is not None
    await archive.close()
