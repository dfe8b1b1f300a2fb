"""StoreInstances: bytes arrive, are parsed once, made durable, and entered in the index (PS3.18 10.5).

The order that makes an acknowledgement trustworthy: every instance's bytes are on stable storage under their key before
its rows are committed, and only when those of the whole request are is anything said to the client. The rows of a
request are committed together, those of a long one in batches.
"""

import asyncio
import hashlib
import logging
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any, Self, TypeVar

import orjson

from app.dicom.errors import UnusableInstance
from app.dicom.limits import DEFAULT_LIMITS, ParseLimits
from app.dicom.part10 import ParsedInstance, parse
from app.dicom.store_report import (
    FailedInstance,
    FailureReason,
    InstanceOutcome,
    StoredInstanceReference,
    StoreReport,
    WarningReason,
)
from app.dicom.validation import validate
from app.services.archive import Archive
from app.workers import run_cpu
from storage.blobs.protocol import CHUNK_BYTES, StagedBlob
from storage.errors import StorageError
from storage.records import Addition, DuplicatePolicy, InstanceRecord, Outcome

logger = logging.getLogger(__name__)

PREPARING_AT_ONCE = 8
"""Received instances of one request that are parsed and written at the same time; more wait, and so does the client."""

SMALL_BYTES = 1 << 16
"""An instance up to this size is parsed where it is received: a millisecond, and a thread would take as long again to
be woken when the machine is busy."""

BATCH_INSTANCES = 256
BATCH_METADATA_BYTES = 8 << 20
"""Instances of one request, and bytes of their metadata, that are held before they are committed: a request may have
any number of them."""


class Validation(StrEnum):
    """How closely an instance is looked at before it is stored."""

    LENIENT = "lenient"
    """Its identity must be right; the rest is stored as it came."""
    STRICT = "strict"
    """VR, VM and values of all attributes, and the required attributes of common modules, must be right."""


@dataclass(frozen=True, slots=True)
class StorePolicy:
    """What is accepted."""

    duplicates: DuplicatePolicy = DuplicatePolicy.REJECT
    validation: Validation = Validation.LENIENT
    limits: ParseLimits = DEFAULT_LIMITS
    studies: frozenset[str] | None = None
    """The only studies that take instances, where not all do."""


DEFAULT_POLICY = StorePolicy()

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class _Prepared:
    """An instance whose bytes are written and understood, though not yet under a key."""

    blob: StagedBlob
    parsed: ParsedInstance
    sha256: bytes


_Outcome = _Prepared | FailedInstance


class StoreRequest:
    """The instances of one store request, from the first byte to the commit.

    Use as an asynchronous context: what is not committed when it ends leaves no trace.
    """

    def __init__(
        self, archive: Archive, study_instance_uid: str | None = None, policy: StorePolicy = DEFAULT_POLICY
    ) -> None:
        """Begin; with ``study_instance_uid``, instances of any other study fail (PS3.18 10.5.1)."""
        self._archive = archive
        self._study_instance_uid = study_instance_uid
        self._policy = policy
        self._staged: set[StagedBlob] = set()
        self._batch: list[asyncio.Task[_Outcome] | _Outcome] = []
        self._metadata_bytes = 0
        self._outcomes: list[InstanceOutcome] = []
        self._slots = asyncio.Semaphore(PREPARING_AT_ONCE)

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Forget the bytes that were not committed.

        What is being prepared is waited for, not canceled: a worker would go on writing behind our back.
        """
        tasks = [each for each in self._batch if isinstance(each, asyncio.Task)]
        await asyncio.gather(*tasks, return_exceptions=True)
        for blob in self._staged:
            await blob.discard()

    @property
    def limits(self) -> ParseLimits:
        """How much one instance may ask of who reads or writes it."""
        return self._policy.limits

    def stage(self) -> StagedBlob:
        """A place for bytes on their way in; gone when the request ends, unless they are an instance that is stored."""
        blob = self._archive.blobs.stage()
        self._staged.add(blob)
        return blob

    async def end_instance(self, blob: StagedBlob) -> None:
        """All bytes of an instance are written: begin to prepare it, or wait while others are being prepared.

        Of a long request, what has come together is committed meanwhile. Raises StorageFull and StorageUnavailable.
        """
        if blob.size <= SMALL_BYTES:
            self._batch.append(await self._prepare(blob))
        else:
            await self._slots.acquire()
            self._batch.append(asyncio.create_task(self._prepare_and_release(blob)))
        if len(self._batch) >= BATCH_INSTANCES or self._metadata_bytes >= BATCH_METADATA_BYTES:
            await self._commit_batch()

    def refuse(self, error: UnusableInstance) -> None:
        """An instance whose bytes could not even be put together."""
        self._batch.append(_failure(error))

    async def commit(self) -> StoreReport:
        """Store what can be stored and report on each instance in the order received.

        Raises StorageFull and StorageUnavailable when nothing more could be stored.
        """
        await self._commit_batch()
        return StoreReport(self._study_instance_uid, tuple(self._outcomes))

    async def _commit_batch(self) -> None:
        outcomes = [await each if isinstance(each, asyncio.Task) else each for each in self._batch]
        prepared = [outcome for outcome in outcomes if isinstance(outcome, _Prepared)]
        additions = iter(await self._add(prepared))
        self._outcomes += [
            outcome if isinstance(outcome, FailedInstance) else _report(outcome.parsed, next(additions))
            for outcome in outcomes
        ]
        self._staged.difference_update(item.blob for item in prepared)
        self._batch.clear()
        self._metadata_bytes = 0

    async def _prepare_and_release(self, blob: StagedBlob) -> _Outcome:
        try:
            return await self._prepare(blob)
        finally:
            self._slots.release()

    async def _prepare(self, blob: StagedBlob) -> _Outcome:
        """Read an instance; the bytes of one that is refused are not held until the request ends."""
        outcome = await self._read(blob)
        if isinstance(outcome, FailedInstance):
            await blob.discard()
            self._staged.discard(blob)
        else:
            self._metadata_bytes += len(outcome.parsed.metadata)
        return outcome

    async def _read(self, blob: StagedBlob) -> _Outcome:
        try:
            if blob.size <= SMALL_BYTES:
                parsed, sha256, violations = _parse(blob, self._policy)
            else:
                parsed, sha256, violations = await run_cpu(_parse, blob, self._policy)
            if self._study_instance_uid not in {None, parsed.key.study_instance_uid}:
                detail = f"the instance belongs to study {parsed.key.study_instance_uid}"
                return _refusal(parsed, FailureReason.DATA_SET_DOES_NOT_MATCH, detail)
            if self._policy.studies is not None and parsed.key.study_instance_uid not in self._policy.studies:
                detail = "the instance belongs to another study than those that may be stored to"
                return _refusal(parsed, FailureReason.DATA_SET_DOES_NOT_MATCH, detail)
            if violations:
                return _refusal(parsed, FailureReason.DATA_SET_DOES_NOT_MATCH, *violations)
            return _Prepared(blob, parsed, sha256)
        except UnusableInstance as error:
            return _failure(error)
        except StorageError:
            raise
        except Exception:  # one instance that finds a fault in the parser must not spoil the others
            logger.exception("an instance could not be processed")
            reasons = ("the instance could not be processed",)
            return FailedInstance(None, None, FailureReason.PROCESSING_FAILURE, reasons)

    async def _add(self, prepared: Sequence[_Prepared]) -> list[Addition]:
        """Place the bytes, commit the rows, and drop the bytes that no row needs: all of it, once it has begun."""
        return await _to_the_end(self._place_and_add(prepared)) if prepared else []

    async def _place_and_add(self, prepared: Sequence[_Prepared]) -> list[Addition]:
        blobs, index = self._archive.blobs, self._archive.index
        keys = await blobs.place([(item.blob, item.parsed.key) for item in prepared])
        try:
            records = [_record(item, key) for item, key in zip(prepared, keys, strict=True)]
            additions = await index.add(records, self._policy.duplicates)
        except StorageError:
            # Whether the rows were committed is known to the database alone. When it cannot be asked, the keys stay
            # unsettled, and the next start asks.
            await blobs.delete(set(keys) - await index.known_blob_keys(keys))
            await blobs.settle(keys)
            raise
        if unneeded := [each.unneeded_blob_key for each in additions if each.unneeded_blob_key is not None]:
            await blobs.delete(unneeded)
        await blobs.settle(keys)
        return additions


def _parse(blob: StagedBlob, policy: StorePolicy) -> tuple[ParsedInstance, bytes, Iterable[str]]:
    """Parse the bytes, digest them, find what breaks the rules in force, and seal them; runs in a worker."""
    parsed = parse(blob, policy.limits)
    digest = hashlib.sha256()
    for start in range(0, blob.size, CHUNK_BYTES):
        digest.update(blob.read(start, start + CHUNK_BYTES))
    violations = validate(orjson.loads(parsed.metadata)) if policy.validation is Validation.STRICT else ()
    blob.seal()
    return parsed, digest.digest(), [str(violation) for violation in violations]


def _failure(error: UnusableInstance) -> FailedInstance:
    logger.info("an instance was refused: %s", error)
    return FailedInstance(error.sop_class_uid, error.sop_instance_uid, error.failure_reason, (str(error),))


def _refusal(parsed: ParsedInstance, reason: FailureReason, *details: str) -> FailedInstance:
    return FailedInstance(parsed.sop_class_uid, parsed.key.sop_instance_uid, reason, details)


def _record(item: _Prepared, blob_key: str) -> InstanceRecord:
    parsed = item.parsed
    return InstanceRecord(
        key=parsed.key,
        sop_class_uid=parsed.sop_class_uid,
        transfer_syntax_uid=parsed.transfer_syntax_uid,
        blob_key=blob_key,
        size=item.blob.size,
        sha256=item.sha256,
        index_values=parsed.index_values,
        study_attributes=parsed.study_attributes,
        series_attributes=parsed.series_attributes,
        instance_attributes=parsed.instance_attributes,
        metadata=parsed.metadata,
        frame_index=parsed.frame_index,
        bulk_index=parsed.bulk_index,
    )


def _report(parsed: ParsedInstance, addition: Addition) -> InstanceOutcome:
    """What to tell of an instance; storing the same bytes again is a success, so that clients may repeat themselves."""
    if addition.outcome is Outcome.CONFLICT:
        return _refusal(parsed, FailureReason.DUPLICATE, "another instance with this SOPInstanceUID is stored already")
    warning = None
    if addition.outcome is Outcome.KEPT:
        warning = WarningReason.DUPLICATE
    elif parsed.is_cut_off:
        warning = WarningReason.DATA_SET_DOES_NOT_MATCH_SOP_CLASS
    return StoredInstanceReference(parsed.sop_class_uid, addition.stored_key, warning)


async def _to_the_end(work: Coroutine[Any, Any, _Result]) -> _Result:
    """The work's result. A caller who is canceled meanwhile waits for its end all the same."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise
