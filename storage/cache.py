"""A bounded memory of what was used last."""

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class RecentlyUsed(Generic[K, V]):
    """Values by key, of up to ``capacity`` in weight; those not used for longest make room. For one event loop.

    The weight is whatever is to be bounded: the number of values where each weighs 1, or their bytes. ``hits`` and
    ``misses`` count how often ``get`` found a value.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._weight = 0
        self.hits = 0
        self.misses = 0
        self._values: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """The value of a key, or None."""
        found = self._values.get(key)
        if found is None:
            self.misses += 1
            return None
        self.hits += 1
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: K, value: V, weight: int = 1) -> None:
        """Remember a value, unless it alone weighs too much."""
        self.forget(key)
        self._values[key] = value, weight
        self._weight += weight
        while self._weight > self._capacity:
            self.forget(next(iter(self._values)))

    def forget(self, key: K) -> None:
        """Forget a value; harmless when it is not there."""
        if found := self._values.pop(key, None):
            self._weight -= found[1]

    def clear(self) -> None:
        """Forget everything."""
        self._values.clear()
        self._weight = 0
