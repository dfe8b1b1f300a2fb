"""Results that cost much and are asked for again: bounded in bytes, and made once however many ask at a time."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class ByteCache(Generic[V]):
    """Values by key, up to ``capacity`` bytes by ``size_of``; what was not used for longest makes room.

    For one event loop. A value of more than a quarter of the capacity is not kept: it would drive out all others.
    ``hits`` and ``misses`` count how often a value was there, or was to be made.
    """

    def __init__(self, capacity: int, size_of: Callable[[V], int]) -> None:
        self._capacity = capacity
        self._size_of = size_of
        self._size = 0
        self.hits = 0
        self.misses = 0
        self._values: OrderedDict[Hashable, V] = OrderedDict()
        self._being_made: dict[Hashable, asyncio.Task[V]] = {}
        self._waiting: Counter[asyncio.Task[V]] = Counter()

    async def get(self, key: Hashable, make: Callable[[], Awaitable[V]]) -> V:
        """The value of a key; made, if it is not there, for all who ask meanwhile. Raises what ``make`` raises.

        Who stops waiting does not stop the making for others; when nobody waits any more, it ends.
        """
        if key in self._values:
            self.hits += 1
            self._values.move_to_end(key)
            return self._values[key]
        self.misses += 1
        task = self._being_made.get(key)
        if task is None:
            task = asyncio.ensure_future(self._make(key, make))
            self._being_made[key] = task
            task.add_done_callback(_retrieve)
        self._waiting[task] += 1
        try:
            return await asyncio.shield(task)
        finally:
            self._leave(key, task)

    def _leave(self, key: Hashable, task: "asyncio.Task[V]") -> None:
        """One waits no longer; the last one takes the task along."""
        self._waiting[task] -= 1
        if self._waiting[task] == 0:
            del self._waiting[task]
            task.cancel()
            if self._being_made.get(key) is task:
                del self._being_made[key]

    async def _make(self, key: Hashable, make: Callable[[], Awaitable[V]]) -> V:
        value = await make()
        self._keep(key, value)
        return value

    def _keep(self, key: Hashable, value: V) -> None:
        size = self._size_of(value)
        if size > self._capacity // 4:
            return
        self._values[key] = value
        self._size += size
        while self._size > self._capacity:
            _, oldest = self._values.popitem(last=False)
            self._size -= self._size_of(oldest)


def _retrieve(task: "asyncio.Task[V]") -> None:
    """An error that nobody waits for any more is no error."""
    if not task.cancelled():
        task.exception()
