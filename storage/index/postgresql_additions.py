"""Additions that come while others are under way go together in one transaction, at the cost of hardly more than one.

They are told apart by what becomes of their records, which is decided as if each had come by itself. Should a
transaction of several fail, each is tried by itself, so that one does not spoil the others.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from storage.errors import StorageError, StorageUnavailable
from storage.index.postgresql_connections import Transactions
from storage.index.study_locks import add_in_turn
from storage.records import Addition, DuplicatePolicy, InstanceRecord

AT_ONCE = 2
"""Transactions at once: while one waits for the disk, the next one is prepared."""

MAX_GROUP = 64
"""Calls in one transaction: bounds how long the first of them waits for the last."""


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    """Records that are to be added, and the answer that their caller waits for."""

    records: Sequence[InstanceRecord]
    duplicates: DuplicatePolicy
    answer: asyncio.Future[list[Addition]] = field(default_factory=asyncio.Future)


class Additions:
    """The queue of a process."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._waiting: deque[_Call] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def add(self, records: Sequence[InstanceRecord], duplicates: DuplicatePolicy) -> list[Addition]:
        """Add records; what became of each, once that is durable.

        Raises what the addition raises, StorageUnavailable and StorageFull. A call whose caller is canceled is left out
        when its turn comes, or, when it has begun, finished all the same.
        """
        if self._is_closed:
            raise StorageUnavailable("The index is closed.")
        call = _Call(records, duplicates)
        self._waiting.append(call)
        if len(self._workers) < AT_ONCE:
            worker = asyncio.create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)
        return await call.answer

    def waiting(self) -> int:
        """How many calls wait for their turn."""
        return len(self._waiting)

    async def close(self) -> None:
        """Finish what waits."""
        self._is_closed = True
        if self._workers:
            await asyncio.wait(self._workers)

    async def _work(self) -> None:
        while group := self._next_group():
            await self._add(group)

    def _next_group(self) -> list[_Call]:
        """Calls with one policy for duplicates; empty when nothing waits."""
        group: list[_Call] = []
        while self._waiting and len(group) < MAX_GROUP:
            if group and self._waiting[0].duplicates is not group[0].duplicates:
                break
            call = self._waiting.popleft()
            if not call.answer.cancelled():
                group.append(call)
        return group

    async def _add(self, group: Sequence[_Call]) -> None:
        records = [record for call in group for record in call.records]
        adding = partial(add_in_turn, records=records, duplicates=group[0].duplicates)
        try:
            additions = iter(await self._transactions.write(adding))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is an answer
            if len(group) == 1 or isinstance(error, StorageError):
                for call in group:
                    _answer(call, error)
            else:
                for call in group:
                    await self._add([call])
        else:
            for call in group:
                _answer(call, [next(additions) for _ in call.records])


def _answer(call: _Call, result: list[Addition] | Exception) -> None:
    if call.answer.done():
        return
    if isinstance(result, Exception):
        call.answer.set_exception(result)
    else:
        call.answer.set_result(result)
