"""PostgresqlIndex: the index in a PostgreSQL database, for any number of servers."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Self

from sqlalchemy.ext.asyncio import AsyncEngine

from storage.index.postgresql_additions import Additions
from storage.index.postgresql_connections import Transactions, open_engine
from storage.index.postgresql_migrations import upgrade_database
from storage.index.postgresql_point_reads import PointReads
from storage.index.postgresql_sweeping_turn import sweeping_turn
from storage.index.sql_index import SqlIndex
from storage.index.study_locks import delete_in_turn
from storage.placement import Placement
from storage.records import Addition, DuplicatePolicy, InstanceForm, InstanceRecord, StoredInstance
from storage.resource import ResourceKey


class PostgresqlIndex(SqlIndex):
    """An Index (``storage.index.protocol``): everything runs on the event loop, over a pool of connections."""

    def __init__(self, engine: AsyncEngine, *, is_new: bool) -> None:
        self._engine = engine
        self._transactions = Transactions(engine)
        self._additions = Additions(self._transactions)
        self._point_reads = PointReads(engine)
        super().__init__(self._transactions.read, self._transactions.write, is_new=is_new)

    @classmethod
    async def open(cls, url: str, connections: int) -> Self:
        """The index in a database, whose tables are made or brought up to date if need be.

        At most so many ``connections`` are used at once; requests that find none free wait. Raises StorageUnavailable.
        """
        # In a thread: Alembic is synchronous from end to end, and takes one migration after the other.
        is_new = await asyncio.to_thread(upgrade_database, url)
        return cls(open_engine(url, connections), is_new=is_new)

    async def add(
        self,
        records: Sequence[InstanceRecord],
        duplicates: DuplicatePolicy = DuplicatePolicy.REJECT,
        placement: Placement | None = None,
    ) -> list[Addition]:
        """Add instances, in a transaction shared with other calls that wait."""
        if placement is not None:
            await asyncio.to_thread(placement.place_with, ())
        return await self._additions.add(records, duplicates)

    async def delete(self, key: ResourceKey) -> int:
        """Remove what is stored under a key; who adds to the same study waits until all of it is done."""
        return await self._transactions.write(partial(delete_in_turn, key=key))

    async def instance(self, key: ResourceKey) -> StoredInstance | None:
        """One instance by its three UIDs."""
        return await self._point_reads.instance(key)

    async def revision(self, key: ResourceKey) -> bytes | None:
        """What changes whenever what is stored under a key does."""
        return await self._point_reads.revision(key)

    async def frame_index(self, instance: StoredInstance) -> bytes | None:
        """The frame index as it was recorded; None when the instance is gone."""
        return await self._point_reads.frame_index(instance.row)

    async def bulk_index(self, instance: StoredInstance) -> bytes | None:
        """The bulk index as it was recorded; None when the instance is gone."""
        return await self._point_reads.bulk_index(instance.row)

    def sweeping_turn(self) -> AbstractAsyncContextManager[bool]:
        """Whether it is this process's turn to sweep, by a lock in the database."""
        return sweeping_turn(self._engine)

    async def form(self, instance: StoredInstance) -> InstanceForm | None:
        """The file of the instance in another transfer syntax; None where there is none."""
        return await self._point_reads.form(instance.row)

    def waiting_writes(self) -> int:
        """How many additions wait for their turn in this process."""
        return self._additions.waiting()

    async def close(self) -> None:
        """Finish what was begun and release the connections."""
        await self._additions.close()
        await self._engine.dispose()

    async def _document(self, key: ResourceKey) -> bytes | None:
        return await self._point_reads.metadata(key)
