"""What an index in a database does whichever it is: one operation in one transaction, or one batch after the other."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from storage.index.reading import (
    BEFORE_FIRST_ROW,
    METADATA_BATCH_BYTES,
    read_instances,
    read_known_blob_keys,
    read_metadata,
)
from storage.index.recorded import read_records
from storage.index.searching import count_matches, search_instances, search_series, search_studies
from storage.index.unneeded_blobs import forget_blobs, read_unneeded_blobs, read_unneeded_keys
from storage.query import Query
from storage.records import InstanceMatch, InstanceRecord, SeriesMatch, StoredInstance, StudyMatch
from storage.resource import ResourceKey

METADATA_BATCH = 1024
"""DICOM JSON documents in one batch, at the most."""

INSTANCES_BATCH = 1024
"""Instances in one batch."""

_Result = TypeVar("_Result")


class Run(Protocol):
    """Runs operations in transactions."""

    def __call__(self, operation: Callable[[Connection], _Result], /) -> Awaitable[_Result]:
        """The result of an operation. Raises what it raises, StorageUnavailable, StorageFull."""


class SqlIndex(ABC):
    """The part of an Index (``storage.index.protocol``) that does not depend on how its database is called."""

    def __init__(self, read: Run, write: Run, *, is_new: bool) -> None:
        self.is_new = is_new
        self._read = read
        self._write = write

    async def instances(self, key: ResourceKey) -> AsyncIterator[list[StoredInstance]]:
        """All instances of a study or series (or the one instance), in stored order, in batches."""
        after = BEFORE_FIRST_ROW
        while batch := await self._read(partial(read_instances, key=key, after=after, size=INSTANCES_BATCH)):
            yield batch
            if len(batch) < INSTANCES_BATCH:
                return
            after = batch[-1].row

    async def metadata(self, key: ResourceKey) -> AsyncIterator[list[bytes]]:
        """The DICOM JSON documents of a study, series or instance, in stored order, in batches."""
        if key.sop_instance_uid is not None:
            document = await self._document(key)
            if document is not None:
                yield [document]
            return
        after = BEFORE_FIRST_ROW
        while batch := await self._read(partial(read_metadata, key=key, after=after, size=METADATA_BATCH)):
            documents = [document for _, document in batch]
            yield documents
            if len(batch) < METADATA_BATCH and sum(map(len, documents)) < METADATA_BATCH_BYTES:
                return
            after, _ = batch[-1]

    async def records(self, instances: Sequence[StoredInstance]) -> list[InstanceRecord]:
        """What was recorded of instances."""
        return await self._read(partial(read_records, rows=[each.row for each in instances]))

    async def search_studies(self, query: Query) -> list[StudyMatch]:
        """Studies, newest StudyDate first, then newest stored first."""
        return await self._read(partial(search_studies, query=query))

    async def search_series(self, query: Query) -> list[SeriesMatch]:
        """Series, in stored order."""
        return await self._read(partial(search_series, query=query))

    async def search_instances(self, query: Query) -> list[InstanceMatch]:
        """Instances, in stored order."""
        return await self._read(partial(search_instances, query=query))

    async def count(self, query: Query, at_most: int) -> int:
        """How many matches there are, up to ``at_most``."""
        return await self._read(partial(count_matches, query=query, at_most=at_most))

    async def known_blob_keys(self, keys: Collection[str]) -> set[str]:
        """Those of the blob keys that a row names."""
        return await self._read(partial(read_known_blob_keys, keys=keys))

    async def unneeded_blobs(self, seconds: float, limit: int) -> list[str]:
        """Keys of blobs whose instances were deleted or replaced at least so long ago."""
        return await self._read(partial(read_unneeded_blobs, seconds=seconds, limit=limit))

    async def unneeded_blob_keys(self, keys: Collection[str]) -> set[str]:
        """Those of the blob keys that are of unneeded blobs."""
        return await self._read(partial(read_unneeded_keys, keys=keys))

    async def forget_blobs(self, keys: Collection[str]) -> None:
        """The bytes of these unneeded blobs are gone."""
        await self._write(partial(forget_blobs, keys=keys))

    @abstractmethod
    async def _document(self, key: ResourceKey) -> bytes | None:
        """The DICOM JSON document of one instance by its three UIDs."""
