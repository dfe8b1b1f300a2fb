"""StoreInstances: bytes arrive, are parsed once, made durable, and entered in the index (PS3.18 10.5).

The order that makes an acknowledgement trustworthy: every instance's bytes are on stable storage under their key before
its rows are committed, and only when those of the whole request are is anything said to the client. The rows of a
request are committed together, those of a long one in batches.
"""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from types import TracebackType
from typing import Any, Self, TypeVar

import orjson

from app.dicom.errors import LimitExceeded, UnusableInstance
from app.dicom.limits import DEFAULT_LIMITS, ParseLimits
from app.dicom.part10 import ParsedInstance
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
from app.services.ingest_transcoding import IngestTranscoding
from app.services.prepared_instance import PreparedInstance, with_forms
from app.workers import run_cpu
from storage.blobs.protocol import StagedBlob
from storage.errors import OutcomeUnknown, StorageError
from storage.records import Addition, DuplicatePolicy, Outcome

logger = logging.getLogger(__name__)

PREPARING_AT_ONCE = 8
"""Received instances of one request that are parsed and written at the same time; more wait, and so does the client."""

QUICK_BYTES = 1 << 20
QUICK_ELEMENTS = 2_000
"""An instance up to this size, with no more data elements, is parsed where it is received: half a millisecond, and a
thread would take as long again to be woken when the machine is busy."""

SMALL_BYTES = 1 << 16
HELD_BYTES = 2 << 20
"""Such instances stay in memory until they are placed: any number that is small, and so many bytes of longer ones."""

TRANSCODING_AT_ONCE = 2
"""Instances of one request that are transcoded at the same time; some frames of each are in memory."""

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


@dataclass(frozen=True)
class StorePolicy:
    """What is accepted."""

    duplicates: DuplicatePolicy = DuplicatePolicy.REJECT
    validation: Validation = Validation.LENIENT
    limits: ParseLimits = DEFAULT_LIMITS
    studies: frozenset[str] | None = None
    """The only studies that take instances, where not all do."""
    transcoding: IngestTranscoding | None = None
    """What transfer syntax they are brought into, where not all stay as they come."""

    @cached_property
    def quick(self) -> Self:
        """The same with the limits of what is parsed while others wait."""
        limits = self.limits
        elements, inflated = min(limits.max_elements, QUICK_ELEMENTS), min(limits.max_inflated, QUICK_BYTES)
        return replace(self, limits=replace(limits, max_elements=elements, max_inflated=inflated))


DEFAULT_POLICY = StorePolicy()

_Result = TypeVar("_Result")


_Outcome = PreparedInstance | FailedInstance


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
        self._held_bytes = 0
        self._outcomes: list[InstanceOutcome] = []
        self._slots = asyncio.Semaphore(PREPARING_AT_ONCE)
        self._transcoding = asyncio.Semaphore(TRANSCODING_AT_ONCE)

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
        if self._may_be_quick(blob):
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
        prepared = [outcome for outcome in outcomes if isinstance(outcome, PreparedInstance)]
        additions = iter(await self._add(prepared))
        self._outcomes += [
            outcome if isinstance(outcome, FailedInstance) else _report(outcome.parsed, next(additions))
            for outcome in outcomes
        ]
        self._staged.difference_update(item.blob for item in with_forms(prepared))
        self._batch.clear()
        self._metadata_bytes = self._held_bytes = 0

    async def _prepare_and_release(self, blob: StagedBlob) -> _Outcome:
        try:
            return await self._prepare(blob)
        finally:
            self._slots.release()

    async def _prepare(self, blob: StagedBlob) -> _Outcome:
        """Read an instance; the bytes of one that is refused are not held until the request ends."""
        outcome = await self._read(blob)
        if isinstance(outcome, FailedInstance):
            await self._forget(blob)
            return outcome
        if self._policy.transcoding is not None:
            outcome = await self._transcoded(outcome, self._policy.transcoding)
        self._metadata_bytes += len(outcome.parsed.metadata)
        return outcome

    async def _forget(self, blob: StagedBlob) -> None:
        await blob.discard()
        self._staged.discard(blob)

    async def _transcoded(self, item: PreparedInstance, transcoding: IngestTranscoding) -> PreparedInstance:
        """The instance in the transfer syntax that is wanted, or as it came; bytes that it does not need are gone."""
        blob = self.stage()
        async with self._transcoding:
            outcome = await transcoding.apply(item, blob, self._policy.limits)
        for unneeded in {item.blob, blob} - {each.blob for each in with_forms([outcome])}:
            await self._forget(unneeded)
        return outcome

    async def _read(self, blob: StagedBlob) -> _Outcome:
        try:
            found = self._quickly_parsed(blob)
            prepared, violations = found if found is not None else await run_cpu(_parse, blob, self._policy)
            parsed = prepared.parsed
            if self._study_instance_uid not in {None, parsed.key.study_instance_uid}:
                detail = f"the instance belongs to study {parsed.key.study_instance_uid}"
                return _refusal(parsed, FailureReason.DATA_SET_DOES_NOT_MATCH, detail)
            if self._policy.studies is not None and parsed.key.study_instance_uid not in self._policy.studies:
                detail = "the instance belongs to another study than those that may be stored to"
                return _refusal(parsed, FailureReason.DATA_SET_DOES_NOT_MATCH, detail)
            if violations:
                return _refusal(parsed, FailureReason.DATA_SET_DOES_NOT_MATCH, *violations)
            return prepared
        except UnusableInstance as error:
            return _failure(error)
        except StorageError:
            raise
        except Exception:  # one instance that finds a fault in the parser must not spoil the others
            logger.exception("an instance could not be processed")
            reasons = ("the instance could not be processed",)
            return FailedInstance(None, None, FailureReason.PROCESSING_FAILURE, reasons)

    def _may_be_quick(self, blob: StagedBlob) -> bool:
        return blob.size <= SMALL_BYTES or (blob.size <= QUICK_BYTES and self._held_bytes + blob.size <= HELD_BYTES)

    def _quickly_parsed(self, blob: StagedBlob) -> tuple[PreparedInstance, Sequence[str]] | None:
        """An instance that stays in memory; None for one that a worker has to parse."""
        if not self._may_be_quick(blob):
            return None
        try:
            found = _parse(blob, self._policy.quick, hold=True)
        except LimitExceeded:
            return None
        self._held_bytes += blob.size if blob.size > SMALL_BYTES else 0
        return found

    async def _add(self, prepared: Sequence[PreparedInstance]) -> list[Addition]:
        """Place the bytes, commit the rows, and drop the bytes that no row needs: all of it, once it has begun."""
        return await _to_the_end(self._place_and_add(prepared)) if prepared else []

    async def _place_and_add(self, prepared: Sequence[PreparedInstance]) -> list[Addition]:
        blobs, index = self._archive.blobs, self._archive.index
        sealed = [(item.blob, item.parsed.key) for item in with_forms(prepared)]
        placement = blobs.placement(sealed)
        keys = placement.keys if placement is not None else await blobs.place(sealed)
        try:
            given = iter(keys)
            records = [item.record(given) for item in prepared]
            additions = await index.add(records, self._policy.duplicates, placement)
        except OutcomeUnknown:
            raise  # the rows may be committed in a moment: the keys stay unsettled, until the sweeper asks
        except StorageError:
            # Whether the rows were committed is known to the database alone. When it cannot be asked, the keys stay
            # unsettled, and the next start asks.
            await blobs.delete(set(keys) - await index.known_blob_keys(keys))
            await blobs.settle(keys)
            raise
        offered = zip(records, additions, strict=True)
        if unneeded := [key for record, each in offered if each.unneeded_blob_key for key in record.blob_keys]:
            await blobs.delete(unneeded)
        await blobs.settle(keys)
        return additions


def _parse(blob: StagedBlob, policy: StorePolicy, *, hold: bool = False) -> tuple[PreparedInstance, Sequence[str]]:
    """Read the bytes, find what breaks the rules in force, and seal them; runs in a worker, unless they are held.

    Those that may be transcoded are read once more, and sealed when that is done.
    """
    if policy.transcoding is None and not hold:
        blob.write_ahead()
    prepared = PreparedInstance.read(blob, policy.limits)
    violations = validate(orjson.loads(prepared.parsed.metadata)) if policy.validation is Validation.STRICT else ()
    if policy.transcoding is None:
        blob.seal(hold=hold)
    return prepared, [str(violation) for violation in violations]


def _failure(error: UnusableInstance) -> FailedInstance:
    logger.info("an instance was refused: %s", error)
    return FailedInstance(error.sop_class_uid, error.sop_instance_uid, error.failure_reason, (str(error),))


def _refusal(parsed: ParsedInstance, reason: FailureReason, *details: str) -> FailedInstance:
    return FailedInstance(parsed.sop_class_uid, parsed.key.sop_instance_uid, reason, details)


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
