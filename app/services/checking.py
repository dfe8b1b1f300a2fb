"""Whether index and blobs agree, also while servers store into the archive.

What is compared changes meanwhile, so nothing is told before it was looked at again: a row counts if it still names the
blob, a blob without a row if it is not young and was not a row's a moment ago. Memory does not grow with the archive.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

from app.dicom.errors import UnusableInstance
from app.dicom.limits import DEFAULT_LIMITS, ParseLimits
from app.services.archive import Archive
from app.services.findings import Finding, Problem, Step
from app.services.rereading import digest, identify
from app.services.salvage import move_out
from storage.blobs.protocol import PlacedBlob
from storage.errors import BlobNotFound, StorageUnavailable
from storage.records import StoredInstance
from storage.resource import ResourceKey

logger = logging.getLogger(__name__)

INSTANCES_AT_ONCE = 64
"""Instances whose findings are told together."""

READ_AT_ONCE = 8
"""Blobs that are read at the same time."""

MOST_UNREADABLE = 100
"""Blobs that cannot be read until the check gives up: the store is away, or its disk is dying."""


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """What is looked at, and what is done about what is found."""

    limits: ParseLimits = DEFAULT_LIMITS
    quick: bool = False
    """Whether lengths are enough, and no content is read."""
    delete_orphaned: bool = False
    delete_unindexed: bool = False
    move_damaged: Path | None = None
    """A folder for what is left of instances whose bytes are not what was stored; they leave the archive."""


class Check:
    """One check of an archive, in two passes. Each raises StorageUnavailable when the archive cannot be read."""

    def __init__(self, archive: Archive, plan: CheckPlan) -> None:
        self._archive = archive
        self._plan = plan
        self._reading = asyncio.Semaphore(READ_AT_ONCE)
        self._unreadable = 0

    async def blobs(self) -> AsyncIterator[Step]:
        """Find the blobs that no row names."""
        async for batch in self._archive.blobs.placed():
            strays = await unnamed(self._archive, batch)
            judged = [await self._judge_and_remove(blob) for blob in strays if not blob.is_young]
            findings = [finding for finding in judged if finding is not None]
            yield Step(len(batch), findings, young=sum(blob.is_young for blob in strays))

    async def instances(self) -> AsyncIterator[Step]:
        """Find the rows whose blobs are missing, or not what they were."""
        async for batch in self._archive.index.instances(ResourceKey()):
            for start in range(0, len(batch), INSTANCES_AT_ONCE):
                some = batch[start : start + INSTANCES_AT_ONCE]
                found = await asyncio.gather(*map(self._compare, some))
                yield Step(len(some), [finding for findings in found for finding in findings])

    async def _judge_and_remove(self, blob: PlacedBlob) -> Finding | None:
        """What a blob without a row is, deleted if it is to be; None when it is gone, or has a row, by now."""
        finding = await self._judge(blob)
        if finding is None or not await unnamed(self._archive, [blob]):
            return None
        return await self._remove(finding)

    async def _judge(self, blob: PlacedBlob) -> Finding | None:
        """What a blob without a row is; None when it is gone by now."""
        try:
            instance = await identify(self._archive.blobs, blob, self._plan.limits)
        except UnusableInstance:
            return Finding(Problem.UNINDEXED, blob.key)
        except BlobNotFound:
            return None
        except StorageUnavailable:
            return self._cannot_read(Finding(Problem.UNREADABLE, blob.key))
        except Exception:  # a fault of the parser's is no reason to delete anything
            logger.exception("a blob could not be parsed: %s", blob.key)
            return Finding(Problem.UNREADABLE, blob.key)
        return await self._compare_with_stored(blob, instance)

    async def _compare_with_stored(self, blob: PlacedBlob, instance: ResourceKey) -> Finding:
        """Whether the instance in a blob without a row is stored in another one."""
        stored = await self._archive.index.instance(instance)
        if stored is None:
            return Finding(Problem.UNINDEXED, blob.key, instance)
        # Before it is deleted, the other file is read to its end: this one may be what is left of the instance.
        is_quick = self._plan.quick and not self._plan.delete_orphaned
        if await self._problem(stored.blob_key, stored.size, stored.sha256, is_quick=is_quick) is not None:
            return Finding(Problem.UNINDEXED, blob.key, instance, "the file that the index names is damaged")
        return Finding(Problem.ORPHANED, blob.key, instance)

    async def _remove(self, finding: Finding) -> Finding:
        """Delete a blob, if it is of those to be deleted."""
        is_unwanted = {Problem.ORPHANED: self._plan.delete_orphaned, Problem.UNINDEXED: self._plan.delete_unindexed}
        if not is_unwanted.get(finding.problem):
            return finding
        await self._archive.blobs.delete([finding.blob_key])
        return replace(finding, note="deleted")

    async def _compare(self, instance: StoredInstance) -> list[Finding]:
        """What is wrong with the blobs of an instance: its file, and that in another transfer syntax, if any."""
        async with self._reading:
            is_quick = self._plan.quick
            problem = await self._problem(instance.blob_key, instance.size, instance.sha256, is_quick=is_quick)
            findings = [] if problem is None else [Finding(problem, instance.blob_key, instance.key)]
            form = await self._archive.index.form(instance)
            if form is not None:
                problem = await self._problem(form.blob_key, form.size, form.sha256, is_quick=is_quick)
                findings += [] if problem is None else [Finding(problem, form.blob_key, instance.key)]
            if not findings or not await self._is_current(instance):
                return []
            return [await self._move_out(instance, finding) for finding in findings]

    async def _problem(self, key: str, size: int, sha256: bytes, *, is_quick: bool) -> Problem | None:
        blobs = self._archive.blobs
        try:
            found = await blobs.find(key)
            if found is None:
                return Problem.MISSING
            if found.size != size:
                return Problem.WRONG_LENGTH
            if not is_quick and await digest(blobs, key, size) != sha256:
                return Problem.WRONG_CHECKSUM
        except BlobNotFound:
            return Problem.MISSING
        except StorageUnavailable:
            return Problem.UNREADABLE
        return None

    async def _move_out(self, instance: StoredInstance, finding: Finding) -> Finding:
        """Take an instance out of the archive, if its own file is damaged and a folder is given for what is left."""
        if finding.problem is Problem.UNREADABLE:
            return self._cannot_read(finding)
        if self._plan.move_damaged is None or finding.blob_key != instance.blob_key:
            return finding
        await move_out(self._archive, instance, self._plan.move_damaged)
        return replace(finding, note="moved")

    async def _is_current(self, instance: StoredInstance) -> bool:
        """Whether the index still has the instance in that blob, not deleted or replaced meanwhile."""
        now = await self._archive.index.instance(instance.key)
        return now is not None and now.blob_key == instance.blob_key

    def _cannot_read(self, finding: Finding) -> Finding:
        self._unreadable += 1
        if self._unreadable > MOST_UNREADABLE:
            raise StorageUnavailable(f"more than {MOST_UNREADABLE} blobs cannot be read")
        return finding


async def unnamed(archive: Archive, blobs: list[PlacedBlob]) -> list[PlacedBlob]:
    """Those of the blobs that no row names, without those that lost their row lately and are deleted by a sweeper."""
    keys = {blob.key for blob in blobs}
    # In this order: a row that goes meanwhile leaves its blob among those unneeded.
    keys -= await archive.index.known_blob_keys(keys)
    keys -= await archive.index.unneeded_blob_keys(keys)
    return [blob for blob in blobs if blob.key in keys]
