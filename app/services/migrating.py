"""An archive copied into another one, whatever stores the two are made of.

Bytes first, rows second, as when instances are stored: bytes are compared with their digest while they are read, placed
in the other store, read back from there and compared again, and only then the rows are committed. What is recorded of
an instance is copied as it is, so that both archives answer alike. Who is interrupted begins again, and copies only
what is missing.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from app.services.archive import Archive
from app.services.findings import Finding, Problem, Step
from app.services.groups import groups
from app.services.rereading import digest
from app.workers import run_cpu
from storage.blobs.protocol import StagedBlob
from storage.errors import BlobNotFound, StorageError, StorageUnavailable
from storage.records import DuplicatePolicy, InstanceRecord, Outcome, StoredInstance
from storage.resource import ByteRange, ResourceKey

INSTANCES_AT_ONCE = 64
"""Instances that are copied, and committed, together."""

BYTES_AT_ONCE = 64 << 20
"""Bytes of them, unless a single instance is larger."""

READ_AT_ONCE = 8
"""Blobs that are read at the same time."""


@dataclass(frozen=True, slots=True)
class _Copy:
    """The bytes of a blob, on their way into the other store."""

    blob: StagedBlob
    sha256: bytes


class Migration:
    """One pass over the source. Nothing in it is changed; servers may go on storing into it."""

    def __init__(self, source: Archive, target: Archive, duplicates: DuplicatePolicy = DuplicatePolicy.REJECT) -> None:
        """``duplicates`` decides of instances that the target has with other bytes."""
        self._source = source
        self._target = target
        self._duplicates = duplicates
        self._reading = asyncio.Semaphore(READ_AT_ONCE)

    async def run(self) -> AsyncIterator[Step]:
        """Copy what the target lacks. Raises StorageUnavailable, StorageFull."""
        async for batch in self._source.index.instances(ResourceKey()):
            for some in groups(batch, INSTANCES_AT_ONCE, BYTES_AT_ONCE):
                missing, findings = await self._missing(some)
                copied, more = await self._copy(missing) if missing else (0, [])
                yield Step(len(some), findings + more, copied)

    async def _missing(self, instances: Sequence[StoredInstance]) -> tuple[list[StoredInstance], list[Finding]]:
        """Those that are to be copied; findings about those that are there with other bytes and stay."""
        there = await asyncio.gather(*(self._target.index.instance(each.key) for each in instances))
        missing: list[StoredInstance] = []
        findings: list[Finding] = []
        for instance, found in zip(instances, there, strict=True):
            if found is None or (found.sha256 != instance.sha256 and self._duplicates is DuplicatePolicy.REPLACE):
                missing.append(instance)
            elif found.sha256 != instance.sha256:
                findings.append(Finding(Problem.DIFFERENT, instance.blob_key, instance.key))
        return missing, findings

    async def _copy(self, instances: Sequence[StoredInstance]) -> tuple[int, list[Finding]]:
        """Copy instances; how many, and what hindered the others."""
        records = await self._source.index.records(instances)
        staged = await asyncio.gather(*map(self._stage, records), return_exceptions=True)
        for error in staged:
            if isinstance(error, BaseException):
                raise error
        findings = [each for each in staged if isinstance(each, Finding)]
        ready = [(record, each) for record, each in zip(records, staged, strict=True) if isinstance(each, list)]
        copied, differing = await self._place_and_add(ready) if ready else (0, [])
        current = [each for each in findings if await self._is_current(each)]
        return copied, current + differing

    async def _stage(self, record: InstanceRecord) -> list[_Copy] | Finding:
        """Bring the blobs of an instance on their way: its file, and its form in another transfer syntax, if any."""
        file = await self._read(record, record.blob_key, record.size)
        if isinstance(file, Finding) or record.form is None:
            return file if isinstance(file, Finding) else [file]
        form = await self._read(record, record.form.blob_key, record.form.size)
        if isinstance(form, Finding):
            await file.blob.discard()
            return form
        return [file, form]

    async def _read(self, record: InstanceRecord, key: str, size: int) -> _Copy | Finding:
        blob = self._target.blobs.stage()
        sha256 = hashlib.sha256()
        chunks = aiter(self._source.blobs.stream(key, ByteRange(0, size)))
        problem: Problem | None = None
        async with self._reading:
            while problem is None:
                try:
                    chunk = await anext(chunks, None)
                except BlobNotFound:
                    found = await self._source.blobs.find(key)
                    problem = Problem.MISSING if found is None else Problem.WRONG_LENGTH
                except StorageUnavailable:
                    problem = Problem.UNREADABLE
                else:
                    if chunk is None:
                        break
                    await run_cpu(sha256.update, chunk)
                    await blob.write(bytes(chunk))
        if problem is None and key == record.blob_key and sha256.digest() != record.sha256:
            problem = Problem.WRONG_CHECKSUM
        if problem is not None:
            await blob.discard()
            return Finding(problem, key, record.key)
        await run_cpu(blob.seal)
        return _Copy(blob, sha256.digest())

    async def _place_and_add(self, ready: Sequence[tuple[InstanceRecord, list[_Copy]]]) -> tuple[int, list[Finding]]:
        """Place what is staged, read it back, and commit the rows."""
        blobs, index = self._target.blobs, self._target.index
        copies = [(copy, record) for record, copies in ready for copy in copies]
        keys = await blobs.place([(copy.blob, record.key) for copy, record in copies])
        try:
            for key, (copy, _) in zip(keys, copies, strict=True):
                if await digest(blobs, key, copy.blob.size) != copy.sha256:
                    raise StorageUnavailable("the target does not give back the bytes that it was given")
            new_keys = iter(keys)
            records = [_renamed(record, [next(new_keys) for _ in copies]) for record, copies in ready]
            additions = await index.add(records, self._duplicates)
        except StorageError:
            # Whether the rows were committed is known to the database alone. When it cannot be asked, the keys stay
            # unsettled, and the next server that starts asks.
            await blobs.delete(set(keys) - await index.known_blob_keys(keys))
            await blobs.settle(keys)
            raise
        pairs = list(zip(records, additions, strict=True))
        await blobs.delete([key for record, each in pairs if each.unneeded_blob_key for key in record.blob_keys])
        await blobs.settle(keys)
        conflicts = [record for record, each in pairs if each.outcome is Outcome.CONFLICT]
        added = sum(each.unneeded_blob_key is None for each in additions)
        return added, [Finding(Problem.DIFFERENT, record.blob_key, record.key) for record in conflicts]

    async def _is_current(self, finding: Finding) -> bool:
        """Whether the source still names the blob: what is deleted or replaced meanwhile is not damaged."""
        return bool(await self._source.index.known_blob_keys([finding.blob_key]))


def _renamed(record: InstanceRecord, keys: Sequence[str]) -> InstanceRecord:
    """The record with the keys of its blobs in the other store."""
    form = None if record.form is None else replace(record.form, blob_key=keys[1])
    return replace(record, blob_key=keys[0], form=form)
