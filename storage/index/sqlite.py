"""SqliteIndex: the index in one SQLite file, for any number of processes on one machine."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Self

from storage.index.adding import add_instances
from storage.index.failures import translated
from storage.index.group_commit import GroupCommit
from storage.index.point_reads import PointReads
from storage.index.readers import Readers
from storage.index.removing import delete_instances
from storage.index.sql_index import SqlIndex
from storage.index.sqlite_connections import writing_engine
from storage.index.sqlite_migrations import upgrade_file
from storage.index.sweeping_turn import sweeping_turn
from storage.index.writer_turn import WriterTurn
from storage.placement import Placement
from storage.records import Addition, DuplicatePolicy, InstanceForm, InstanceRecord, StoredInstance
from storage.resource import ResourceKey


class SqliteIndex(SqlIndex):
    """An Index (``storage.index.protocol``): one thread writes, a few read, the event loop itself looks up rows."""

    def __init__(
        self, path: Path, writer: GroupCommit, readers: Readers, point_reads: PointReads, *, is_new: bool
    ) -> None:
        self._path = path
        self._writer = writer
        self._readers = readers
        self._point_reads = point_reads
        super().__init__(readers.run, writer.run, is_new=is_new)

    @classmethod
    async def open(cls, path: Path) -> Self:
        """The index in a file, which is made or brought up to date if need be, with the folders above it.

        Raises StorageUnavailable, StorageFull.
        """
        is_new = await asyncio.to_thread(upgrade_file, path)
        writer = await asyncio.to_thread(_open_writer, path)
        return cls(path, writer, Readers(path), PointReads(path), is_new=is_new)

    async def add(
        self,
        records: Sequence[InstanceRecord],
        duplicates: DuplicatePolicy = DuplicatePolicy.REJECT,
        placement: Placement | None = None,
    ) -> list[Addition]:
        """Add instances, in a transaction shared with other calls in flight."""
        return await self._writer.run(partial(add_instances, records=records, duplicates=duplicates), placement)

    async def delete(self, key: ResourceKey) -> int:
        """Remove what is stored under a key, in such a transaction; other writers wait until all of it is done."""
        return await self._writer.run(partial(delete_instances, key=key))

    async def instance(self, key: ResourceKey) -> StoredInstance | None:
        """One instance by its three UIDs."""
        return self._point_reads.instance(key)

    async def revision(self, key: ResourceKey) -> bytes | None:
        """What changes whenever what is stored under a key does."""
        return self._point_reads.revision(key)

    async def frame_index(self, instance: StoredInstance) -> bytes | None:
        """The frame index as it was recorded; None when the instance is gone."""
        return self._point_reads.frame_index(instance.row)

    async def bulk_index(self, instance: StoredInstance) -> bytes | None:
        """The bulk index as it was recorded; None when the instance is gone."""
        return self._point_reads.bulk_index(instance.row)

    @asynccontextmanager
    async def sweeping_turn(self) -> AsyncIterator[bool]:
        """Whether it is this process's turn to sweep, by a file beside the database."""
        with sweeping_turn(self._path) as is_ours:
            yield is_ours

    async def form(self, instance: StoredInstance) -> InstanceForm | None:
        """The file of the instance in another transfer syntax; None where there is none."""
        return self._point_reads.form(instance.row)

    def waiting_writes(self) -> int:
        """How many writes wait for their turn in this process."""
        return self._writer.waiting()

    async def close(self) -> None:
        """Finish what was begun and release the file."""
        await self._writer.close()
        await self._readers.close()
        self._point_reads.close()

    async def _document(self, key: ResourceKey) -> bytes | None:
        return self._point_reads.metadata(key)


def _open_writer(path: Path) -> GroupCommit:
    with translated():
        return GroupCommit(writing_engine(path).connect(), WriterTurn(path))
