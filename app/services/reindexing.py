"""Rows made anew from the blobs alone, when the index is lost: what it has is left as it is, what it lacks is added.

Blobs are parsed in processes of their own, for parsing holds Python's lock. This process lists them and adds the rows.
"""

import asyncio
import logging
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import wait
from multiprocessing.util import Finalize
from threading import Thread

from app.dicom.errors import UnusableInstance
from app.dicom.limits import ParseLimits
from app.services.archive import Archive
from app.services.checking import unnamed
from app.services.findings import Finding, Problem, Step
from app.services.groups import groups
from app.services.rereading import PlacedSource, Reread, reread
from storage.blobs.protocol import BlobStore, PlacedBlob
from storage.errors import StorageError
from storage.query import Query
from storage.records import Addition, DuplicatePolicy, Outcome
from storage.resource import Level, ResourceKey

logger = logging.getLogger(__name__)

BLOBS_AT_ONCE = 32
"""Blobs that a process parses in one go, and whose rows are committed together."""

BYTES_AT_ONCE = 64 << 20
"""Bytes of them, unless a single one is larger: a large one may have metadata of many megabytes."""

WAITING_FOR_EACH = 2
"""Such goes that wait for each process."""

TOGETHER_SECONDS = 10.0
"""Within this time an instance and its other form are placed."""

Result = Reread | Finding


class Reindexing:
    """One pass over the blobs of an archive; a pass that was interrupted is taken up again by the next."""

    def __init__(self, archive: Archive, open_blobs: Callable[[], BlobStore], limits: ParseLimits) -> None:
        """``open_blobs`` opens the blob store of the archive once more, in another process."""
        self._archive = archive
        self._processes = os.cpu_count() or 1
        self._open_blobs = open_blobs
        self._limits = limits
        self._began_empty = False

    async def run(self) -> AsyncIterator[Step]:
        """Add what the index lacks. Raises StorageError; BrokenProcessPool when a process is killed."""
        everything = Query(Level.INSTANCE, ResourceKey(), (), limit=1)
        self._began_empty = await self._archive.index.count(everything, at_most=1) == 0
        context = multiprocessing.get_context("spawn")  # a fork would copy the locks that other threads hold
        pool = ProcessPoolExecutor(self._processes, context, _begin, (self._open_blobs, self._limits))
        try:
            async for step in self._run(pool):
                yield step
        finally:
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)

    async def _run(self, pool: ProcessPoolExecutor) -> AsyncIterator[Step]:
        loop = asyncio.get_running_loop()
        waiting: deque[tuple[Sequence[PlacedBlob], asyncio.Future[list[Result]]]] = deque()
        async for batch in self._archive.blobs.placed():
            # In the order in which they came: the first of a study tells what is known of the study.
            missing = sorted(await unnamed(self._archive, batch), key=lambda blob: blob.written)
            yield Step(len(batch) - len(missing), [])
            for blobs in groups(missing, BLOBS_AT_ONCE, BYTES_AT_ONCE):
                waiting.append((blobs, loop.run_in_executor(pool, _reread_all, blobs)))
                if len(waiting) > self._processes * WAITING_FOR_EACH:
                    yield await self._add(*waiting.popleft())
        while waiting:
            yield await self._add(*waiting.popleft())

    async def _add(self, blobs: Sequence[PlacedBlob], reading: asyncio.Future[list[Result]]) -> Step:
        results = await reading
        findings = [each for each in results if isinstance(each, Finding)]
        read = [each for each in results if isinstance(each, Reread)]
        additions = await self._archive.index.add([each.record for each in read]) if read else []
        written = {blob.key: blob.written for blob in blobs}
        for each, addition in zip(read, additions, strict=True):
            if addition.unneeded_blob_key is not None:
                findings.append(await self._settle(each, addition, written[each.record.blob_key]))
        return Step(len(blobs), findings, sum(addition.outcome is Outcome.ADDED for addition in additions))

    async def _settle(self, read: Reread, addition: Addition, written: float) -> Finding:
        """Of two blobs of one instance the newer gets the row, if the other one got it by being listed first.

        Of an instance and its form in another transfer syntax, the one that was received gets it. A row that was there
        before stays. The finding is about the blob without a row.
        """
        record = read.record
        duplicate = Finding(Problem.DUPLICATE, record.blob_key, record.key)
        stored = await self._archive.index.instance(addition.stored_key)
        if addition.outcome is not Outcome.CONFLICT or not self._began_empty or stored is None:
            return duplicate
        other = await self._archive.blobs.find(stored.blob_key)
        if other is not None:
            is_form = (
                record.transfer_syntax_uid != stored.transfer_syntax_uid
                and abs(written - other.written) < TOGETHER_SECONDS
            )
            if read.is_made_here if is_form else other.written >= written:
                return duplicate
        await self._archive.index.add([record], DuplicatePolicy.REPLACE)
        await self._archive.index.forget_blobs([stored.blob_key])  # nobody has said that it may be deleted
        return Finding(Problem.DUPLICATE, stored.blob_key, stored.key)


class _Reader:
    """What a process has to read blobs with."""

    def __init__(self, blobs: BlobStore, limits: ParseLimits) -> None:
        self._runner = asyncio.Runner()
        self._blobs = blobs
        self._limits = limits

    def read(self, blob: PlacedBlob) -> Result:
        """The record of a blob, or what is wrong with it."""
        try:
            return reread(PlacedSource(self._blobs, blob, self._runner.run), blob.key, self._limits)
        except UnusableInstance as error:
            return Finding(Problem.UNUSABLE, blob.key, note=str(error))
        except StorageError as error:
            return Finding(Problem.UNREADABLE, blob.key, note=str(error))
        except Exception as error:  # one blob that finds a fault in the parser must not spoil the others
            logger.exception("a blob could not be parsed: %s", blob.key)
            return Finding(Problem.UNUSABLE, blob.key, note=type(error).__name__)

    def close(self) -> None:
        """Leave the store."""
        self._runner.run(self._blobs.close())
        self._runner.close()


_readers: list[_Reader] = []
"""That of this process, once it has begun."""


def _begin(open_blobs: Callable[[], BlobStore], limits: ParseLimits) -> None:
    """Begin a process that reads; it ends in good order, and with the one that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other one is interrupted, and ends this one
    Thread(target=_end_with_parent, daemon=True).start()
    reader = _Reader(open_blobs(), limits)
    Finalize(None, reader.close, exitpriority=0)
    _readers.append(reader)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _reread_all(blobs: Sequence[PlacedBlob]) -> list[Result]:
    [reader] = _readers
    return [reader.read(blob) for blob in blobs]
