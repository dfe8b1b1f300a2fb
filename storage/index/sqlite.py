"""SqliteIndex: the index in one SQLite file, for any number of processes on one machine."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Self

from storage.errors import StorageUnavailable
from storage.index.adding import add_instances
from storage.index.failures import translated
from storage.index.group_commit import GroupCommit
from storage.index.migrations import upgrade
from storage.index.point_reads import PointReads
from storage.index.readers import Readers
from storage.index.reading import (
    BEFORE_FIRST_ROW,
    METADATA_BATCH_BYTES,
    read_instances,
    read_known_blob_keys,
    read_metadata,
)
from storage.index.removing import delete_instances
from storage.index.searching import count_matches, search_instances, search_series, search_studies
from storage.index.sqlite_connections import enter_wal_mode, writing_engine
from storage.index.unneeded_blobs import forget_blobs, read_unneeded_blobs
from storage.index.writer_turn import WriterTurn
from storage.query import Query
from storage.records import (
    Addition,
    DuplicatePolicy,
    InstanceMatch,
    InstanceRecord,
    SeriesMatch,
    StoredInstance,
    StudyMatch,
)
from storage.resource import ResourceKey

METADATA_BATCH = 1024
"""DICOM JSON documents in one batch, at the most."""

INSTANCES_BATCH = 1024
"""Instances in one batch."""


class SqliteIndex:
    """An Index (``storage.index.protocol``): one thread writes, a few read, the event loop itself looks up rows."""

    def __init__(self, writer: GroupCommit, readers: Readers, point_reads: PointReads) -> None:
        self._writer = writer
        self._readers = readers
        self._point_reads = point_reads

    @classmethod
    async def open(cls, path: Path) -> Self:
        """The index in a file, which is made or brought up to date if need be, with the folders above it.

        Raises StorageUnavailable, StorageFull.
        """
        writer = await asyncio.to_thread(_open_writer, path)
        return cls(writer, Readers(path), PointReads(path))

    async def add(
        self, records: Sequence[InstanceRecord], duplicates: DuplicatePolicy = DuplicatePolicy.REJECT
    ) -> list[Addition]:
        """Add instances, in a transaction shared with other calls in flight."""
        return await self._writer.run(partial(add_instances, records=records, duplicates=duplicates))

    async def delete(self, key: ResourceKey) -> int:
        """Remove what is stored under a key, in such a transaction; other writers wait until all of it is done."""
        return await self._writer.run(partial(delete_instances, key=key))

    async def instance(self, key: ResourceKey) -> StoredInstance | None:
        """One instance by its three UIDs."""
        return self._point_reads.instance(key)

    async def instances(self, key: ResourceKey) -> AsyncIterator[list[StoredInstance]]:
        """All instances of a study or series (or the one instance), in stored order, in batches."""
        after = BEFORE_FIRST_ROW
        while batch := await self._readers.run(partial(read_instances, key=key, after=after, size=INSTANCES_BATCH)):
            yield batch
            if len(batch) < INSTANCES_BATCH:
                return
            after = batch[-1].row

    async def metadata(self, key: ResourceKey) -> AsyncIterator[list[bytes]]:
        """The DICOM JSON documents of a study, series or instance, in stored order, in batches."""
        if key.sop_instance_uid is not None:
            document = self._point_reads.metadata(key)
            if document is not None:
                yield [document]
            return
        after = BEFORE_FIRST_ROW
        while batch := await self._readers.run(partial(read_metadata, key=key, after=after, size=METADATA_BATCH)):
            documents = [document for _, document in batch]
            yield documents
            if len(batch) < METADATA_BATCH and sum(map(len, documents)) < METADATA_BATCH_BYTES:
                return
            after, _ = batch[-1]

    async def revision(self, key: ResourceKey) -> bytes | None:
        """What changes whenever what is stored under a key does."""
        return self._point_reads.revision(key)

    async def frame_index(self, instance: StoredInstance) -> bytes | None:
        """The frame index as it was recorded; None when the instance is gone."""
        return self._point_reads.frame_index(instance.row)

    async def bulk_index(self, instance: StoredInstance) -> bytes | None:
        """The bulk index as it was recorded; None when the instance is gone."""
        return self._point_reads.bulk_index(instance.row)

    async def search_studies(self, query: Query) -> list[StudyMatch]:
        """Studies, newest StudyDate first, then newest stored first."""
        return await self._readers.run(partial(search_studies, query=query))

    async def search_series(self, query: Query) -> list[SeriesMatch]:
        """Series, in stored order."""
        return await self._readers.run(partial(search_series, query=query))

    async def search_instances(self, query: Query) -> list[InstanceMatch]:
        """Instances, in stored order."""
        return await self._readers.run(partial(search_instances, query=query))

    async def count(self, query: Query, at_most: int) -> int:
        """How many matches there are, up to ``at_most``."""
        return await self._readers.run(partial(count_matches, query=query, at_most=at_most))

    async def known_blob_keys(self, keys: Collection[str]) -> set[str]:
        """Those of the blob keys that a row names."""
        return await self._readers.run(partial(read_known_blob_keys, keys=keys))

    async def unneeded_blobs(self, seconds: float, limit: int) -> list[str]:
        """Keys of blobs whose instances were deleted or replaced at least so long ago."""
        return await self._readers.run(partial(read_unneeded_blobs, seconds=seconds, limit=limit))

    async def forget_blobs(self, keys: Collection[str]) -> None:
        """The bytes of these unneeded blobs are gone."""
        await self._writer.run(partial(forget_blobs, keys=keys))

    def waiting_writes(self) -> int:
        """How many writes wait for their turn in this process."""
        return self._writer.waiting()

    async def close(self) -> None:
        """Finish what was begun and release the file."""
        await self._writer.close()
        await self._readers.close()
        self._point_reads.close()


def _open_writer(path: Path) -> GroupCommit:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageUnavailable("The folder of the index cannot be made.") from error
    with translated():
        enter_wal_mode(path)
        engine = writing_engine(path)
        with engine.begin() as connection:
            upgrade(connection)
        return GroupCommit(engine.connect(), WriterTurn(path))
