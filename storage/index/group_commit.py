"""Group commit: writes in flight share one transaction, and so one wait for the disk.

Operations queue; a thread with a connection of its own takes all that wait, runs each under a savepoint (one that is
alone has the transaction for itself), commits once and only then answers. While the disk works, the next group
gathers: the busier the server, the larger its groups. A client that was answered is likely to write again in a moment,
so a group waits that moment for as many as were in flight when the last one ended; one that writes alone never waits.

An operation that fails is undone to its savepoint and answered with its exception; the others of its group are not
touched. When the database itself gives the transaction up (a full disk may do that), the whole group is
told so, and nothing of it is stored.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from storage.errors import StorageUnavailable
from storage.index.failures import translated
from storage.index.sqlite_connections import is_in_transaction
from storage.placement import Placement

MAX_GROUP = 64
"""Operations that one transaction takes: bounds how long the first of a group waits for the last."""

GATHER_SECONDS = 0.001
"""How long a group waits for those that are likely to come: about as long as its syncs take, which they share then."""

PATIENCE_SECONDS = 30.0
"""How long an operation waits to begin: a process that was stopped may never pass the turn to write on."""

_Result = TypeVar("_Result")


class _Write(Generic[_Result]):
    """An operation in the queue, and the answer that its caller waits for."""

    def __init__(self, operation: Callable[[Connection], _Result], placement: Placement | None) -> None:
        self.placement = placement
        self.answer: Future[_Result] = Future()
        self.tell: Callable[[], None]
        """Gives the answer; set by ``attempt``, called when the group is committed."""
        self.is_given_up = False
        self._operation = operation

    def give_up(self) -> None:
        """Do not wait any longer, unless the operation has begun."""
        self.is_given_up = self.answer.cancel()

    def fail(self, error: Exception) -> None:
        """The operation cannot begin; who has given up does not hear of it."""
        if not self.answer.done() and self.answer.set_running_or_notify_cancel():
            self.answer.set_exception(error)

    def run_alone(self, connection: Connection) -> None:
        """Run with the transaction for itself. Raises what the operation raises."""
        self.tell = partial(self.answer.set_result, self._operation(connection))

    def attempt(self, connection: Connection) -> None:
        """Run under a savepoint. Raises what the operation raised only if the transaction was lost with it."""
        try:
            with translated():
                result = _under_savepoint(connection, self._operation)
        except Exception as error:  # whatever it is, it is the caller's answer
            if not is_in_transaction(connection):
                raise
            self.tell = partial(self.answer.set_exception, error)
        else:
            self.tell = partial(self.answer.set_result, result)


class GroupCommit:
    """The one writer of a database, for everybody in this process."""

    def __init__(self, connection: Connection, turn: AbstractContextManager[object]) -> None:
        """Take over ``connection``, whose ``begin`` must lock out other writers at once.

        ``turn`` is held from before a transaction begins until it has ended.
        """
        self._connection = connection
        self._turn = turn
        self._queue: SimpleQueue[_Write[Any] | None] = SimpleQueue()
        self._likely = 1
        self._is_closed = False
        self._thread = Thread(target=self._run, name="index writer", daemon=True)
        self._thread.start()

    async def run(self, operation: Callable[[Connection], _Result], placement: Placement | None = None) -> _Result:
        """Place blobs and run the operation, in the next group; its result, once that is durable.

        Raises what the operation raises, StorageFull, and StorageUnavailable, also after PATIENCE_SECONDS in which it
        could not begin. An operation whose caller is canceled is left out when its turn comes, or, when it has begun,
        finished all the same.
        """
        if self._is_closed:
            raise StorageUnavailable("The index is closed.")
        write = _Write(operation, placement)
        self._queue.put(write)
        patience = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, write.give_up)
        try:
            return await asyncio.wrap_future(write.answer)
        except asyncio.CancelledError:
            if write.is_given_up:
                raise StorageUnavailable("Another process does not let go of the index.") from None
            raise
        finally:
            patience.cancel()

    def waiting(self) -> int:
        """How many operations are in the queue."""
        return self._queue.qsize()

    async def close(self) -> None:
        """Finish what is queued, then release the connection."""
        if not self._is_closed:
            self._is_closed = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        with self._connection:
            while group := self._next_group():
                self._commit(_placed([write for write in group if not write.answer.cancelled()]))

    def _next_group(self) -> list[_Write[Any]]:
        """Wait for an operation and take those that come with it; empty once the queue has ended."""
        group: list[_Write[Any]] = []
        write = self._queue.get()
        until = monotonic() + GATHER_SECONDS
        try:
            while write is not None:
                group.append(write)
                if len(group) == MAX_GROUP:
                    return group
                patience = until - monotonic() if len(group) < self._likely else 0
                write = self._queue.get(timeout=max(patience, 0))
        except Empty:
            return group
        self._queue.put(None)  # the end is met again after this group
        return group

    def _commit(self, group: Sequence[_Write[Any]]) -> None:
        try:
            with self._turn:
                self._run_together([write for write in group if write.answer.set_running_or_notify_cancel()])
        except Exception as error:  # noqa: BLE001 - there was no turn
            for write in group:
                write.fail(error)

    def _run_together(self, group: Sequence[_Write[Any]]) -> None:
        if not group:
            return
        try:
            with translated(), self._connection.begin():
                if len(group) == 1:
                    group[0].run_alone(self._connection)
                else:
                    for write in group:
                        write.attempt(self._connection)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is everybody's answer
            for write in group:
                write.tell = partial(write.answer.set_exception, error)
        self._likely = len(group) + self._queue.qsize()  # before those who are told write again
        for write in group:
            write.tell()


def _placed(group: list[_Write[Any]]) -> list[_Write[Any]]:
    """The writes of a group whose blobs, if they have any, are placed now; the others are answered."""
    placing = [(write, write.placement) for write in group if write.placement is not None]
    if not placing:
        return group
    (first, placement), *others = placing
    try:
        placement.place_with([other for _, other in others])
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the caller's answer
        if others:  # one must not spoil the others
            return [write for each in group for write in _placed([each])]
        first.fail(error)
        return [write for write in group if write is not first]
    return group


def _under_savepoint(connection: Connection, operation: Callable[[Connection], _Result]) -> _Result:
    connection.exec_driver_sql("SAVEPOINT operation")
    try:
        result = operation(connection)
    except BaseException:
        if is_in_transaction(connection):
            connection.exec_driver_sql("ROLLBACK TO operation")
            connection.exec_driver_sql("RELEASE operation")
        raise
    connection.exec_driver_sql("RELEASE operation")
    return result
