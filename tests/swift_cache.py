"""What Swift's proxy keeps of accounts and buckets between requests, in its own memory: a stand-in for memcached.

Without any cache the proxy asks the other servers for them again with each request, which takes longer than the rest.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class MemoryCache:
    """The part of the interface of ``swift.common.memcached.MemcacheRing`` that the proxy uses."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[object, float]] = {}

    def get(self, key: str, **_: object) -> object:
        """The value that was set, unless its time is over."""
        value, until = self._held.get(key, (None, 0.0))
        return value if until > time.monotonic() else None

    def set(self, key: str, value: object, time: float = 0, **_: object) -> None:
        """Keep a value for so many seconds, or for good."""
        self._held[key] = value, _end(time)

    def delete(self, key: str, **_: object) -> None:
        """Forget a value."""
        self._held.pop(key, None)


def _end(seconds: float) -> float:
    return time.monotonic() + seconds if seconds else float("inf")


def filter_factory(_: dict[str, str], **__: str) -> Callable[[Application], Application]:
    """What the proxy's configuration names (PasteDeploy)."""
    cache = MemoryCache()

    def wrap(application: Application) -> Application:
        def call(environment: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            environment["swift.cache"] = cache
            return application(environment, start_response)

        return call

    return wrap
