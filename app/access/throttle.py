"""How often wrong credentials may come: a guesser is slowed down, and nobody else."""

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass

from app.access.errors import TooManyFailures
from storage.cache import RecentlyUsed

REMEMBERED = 10_000
"""Sources of failures that are remembered; a guesser with more addresses than that pushes out their own."""

_IPV6_NETWORK = 64
"""Bits that one customer's addresses have in common: any of them has the others for free."""


@dataclass(slots=True)
class _Window:
    ends: float
    failures: int = 0


class Throttle:
    """Counts failures by address, and by user at an address: the right user is not locked out elsewhere.

    An attempt counts as a failure from its beginning, so that many at the same time are no way around.
    """

    def __init__(
        self, per_user: int, per_address: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Bounds on failures within ``seconds``."""
        self._per_user = per_user
        self._per_address = per_address
        self._seconds = seconds
        self._clock = clock
        self._windows: RecentlyUsed[tuple[str, str | None], _Window] = RecentlyUsed(REMEMBERED)

    def attempt(self, address: str, user: str | None) -> None:
        """Count an attempt, whose user is None for a token. Raises TooManyFailures."""
        windows = self._of(address, user)
        for window, most in windows:
            if window.failures >= most:
                raise TooManyFailures(window.ends - self._clock())
        for window, _ in windows:
            window.failures += 1

    def forgive(self, address: str, user: str | None) -> None:
        """The attempt was no failure."""
        for window, _ in self._of(address, user):
            window.failures = max(0, window.failures - 1)

    def _of(self, address: str, user: str | None) -> list[tuple[_Window, int]]:
        source = _network(address)
        windows = [(self._window(source, None), self._per_address)]
        if user is not None:
            windows.append((self._window(source, user), self._per_user))
        return windows

    def _window(self, source: str, user: str | None) -> _Window:
        window = self._windows.get((source, user))
        if window is None or window.ends <= self._clock():
            window = _Window(self._clock() + self._seconds)
            self._windows.put((source, user), window)
        return window


def _network(address: str) -> str:
    """What stands for an address: itself, or the network of one customer."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, _IPV6_NETWORK), strict=False))
    return address
