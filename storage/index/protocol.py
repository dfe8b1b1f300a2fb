"""Index: what is stored and how it is found, whatever keeps the rows."""

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Protocol

from storage.query import Query
from storage.records import Addition, InstanceMatch, InstanceRecord, SeriesMatch, StoredInstance, StudyMatch
from storage.resource import ResourceKey


class Index(Protocol):
    """The rows of studies, series and instances.

    Every method raises StorageUnavailable when the database does not answer.
    """

    async def add(self, records: Sequence[InstanceRecord]) -> list[Addition]:
        """Add instances in one transaction, durable when this returns; the outcome of each, in the same order.

        Study and series rows are made from the first instance that names them. A SOPInstanceUID is stored once in the
        archive, whatever its study: a second record with it changes nothing and says so by its outcome.
        """

    async def instance(self, key: ResourceKey) -> StoredInstance | None:
        """One instance by its three UIDs."""

    def instances(self, key: ResourceKey) -> AsyncIterator[list[StoredInstance]]:
        """All instances of a study or series, or the one instance, in stored order; no batch is empty."""

    def metadata(self, key: ResourceKey) -> AsyncIterator[list[bytes]]:
        """The DICOM JSON documents of a study, series or instance, in stored order; no batch is empty."""

    async def frame_index(self, instance: StoredInstance) -> bytes | None:
        """The frame index as it was recorded; None when the instance is gone."""

    async def bulk_index(self, instance: StoredInstance) -> bytes | None:
        """The bulk index as it was recorded; None when the instance is gone."""

    async def search_studies(self, query: Query) -> list[StudyMatch]:
        """Studies, newest StudyDate first, then newest stored first."""

    async def search_series(self, query: Query) -> list[SeriesMatch]:
        """Series, in stored order."""

    async def search_instances(self, query: Query) -> list[InstanceMatch]:
        """Instances, in stored order."""

    async def known_blob_keys(self, keys: Collection[str]) -> set[str]:
        """Those of the blob keys that a row names."""

    async def close(self) -> None:
        """Finish what was begun and release the database."""
