"""Index: what is stored and how it is found, whatever keeps the rows."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from storage.placement import Placement
from storage.query import Query
from storage.records import (
    Addition,
    DuplicatePolicy,
    InstanceForm,
    InstanceMatch,
    InstanceRecord,
    SeriesMatch,
    StoredInstance,
    StudyMatch,
)
from storage.resource import ResourceKey


class Index(Protocol):
    """The rows of studies, series and instances.

    Every method raises StorageUnavailable when the database does not answer.
    """

    is_new: bool
    """Whether it had no tables until it was opened."""

    async def add(
        self,
        records: Sequence[InstanceRecord],
        duplicates: DuplicatePolicy = DuplicatePolicy.REJECT,
        placement: Placement | None = None,
    ) -> list[Addition]:
        """Add instances in one transaction, durable when this returns; what became of each, in the same order.

        Study and series rows are made from the first instance that names them. A SOPInstanceUID is stored once in the
        archive, whatever its study; a record with the same bytes as what is stored changes nothing.

        With ``REPLACE``, all instances that are replaced go first, as by ``delete``, and then the records are added:
        last in stored order, each under a new row number, so that who looked the old instance up finds it gone, never
        mixed with the new one. Of several records of a SOPInstanceUID in one call the last one wins.

        ``placement`` places the records' blobs first. Raises what it raises; then nothing is added.
        Raises OutcomeUnknown when the records may be added yet, StorageUnavailable and StorageFull when they are not.
        """

    async def delete(self, key: ResourceKey) -> int:
        """Remove all instances of a study or series, or the one instance, in one transaction; how many there were.

        Series and studies that are left empty go as well. Others keep their attributes, even when the instance that
        gave them goes. The removal is durable when this returns. Raises ValueError for the key of the whole archive.
        """

    async def instance(self, key: ResourceKey) -> StoredInstance | None:
        """One instance by its three UIDs."""

    def instances(self, key: ResourceKey) -> AsyncIterator[list[StoredInstance]]:
        """All instances of a study or series, or the one instance, in stored order; no batch is empty.

        Each batch is what is stored at its time: of an instance replaced meanwhile, both may come, one after the other.
        """

    def metadata(self, key: ResourceKey) -> AsyncIterator[list[bytes]]:
        """The DICOM JSON documents of a study, series or instance, in stored order; no batch is empty."""

    async def revision(self, key: ResourceKey) -> bytes | None:
        """What changes whenever an instance of a study or series, or the one instance, comes or goes, and only then.

        None when nothing is stored under the key.
        """

    async def frame_index(self, instance: StoredInstance) -> bytes | None:
        """The frame index as it was recorded; None when the instance is gone."""

    async def bulk_index(self, instance: StoredInstance) -> bytes | None:
        """The bulk index as it was recorded; None when the instance is gone."""

    async def form(self, instance: StoredInstance) -> InstanceForm | None:
        """The file of the instance in another transfer syntax; None where there is none, or the instance is gone."""

    async def records(self, instances: Sequence[StoredInstance]) -> list[InstanceRecord]:
        """Everything that was recorded of instances, in stored order; those that are gone are left out.

        What is kept of studies and series is what the first of their instances told, as it is in all answers.
        """

    async def search_studies(self, query: Query) -> list[StudyMatch]:
        """Studies, newest StudyDate first, then newest stored first."""

    async def search_series(self, query: Query) -> list[SeriesMatch]:
        """Series, in stored order."""

    async def search_instances(self, query: Query) -> list[InstanceMatch]:
        """Instances, in stored order."""

    async def count(self, query: Query, at_most: int) -> int:
        """How many matches there are, whatever limit and offset; ``at_most`` where there are as many or more."""

    async def known_blob_keys(self, keys: Collection[str]) -> set[str]:
        """Those of the blob keys that a row names."""

    async def unneeded_blobs(self, seconds: float, limit: int) -> list[str]:
        """Keys of blobs whose instances were deleted or replaced at least so long ago, those of the longest ago first.

        They are written down in the transaction that removes the instances, and stay until ``forget_blobs``.
        """

    async def unneeded_blob_keys(self, keys: Collection[str]) -> set[str]:
        """Those of the blob keys that are of unneeded blobs, for however short a time."""

    async def forget_blobs(self, keys: Collection[str]) -> None:
        """The bytes of these unneeded blobs are gone; a key that is not there is no error."""

    def sweeping_turn(self) -> AbstractAsyncContextManager[bool]:
        """Whether it is this process's turn to remove what no row names; nobody else's then, until the block ends."""

    def waiting_writes(self) -> int:
        """How many writes wait for their turn in this process, for people who watch the server."""

    async def close(self) -> None:
        """Finish what was begun and release the database."""
