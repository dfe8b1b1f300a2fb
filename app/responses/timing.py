"""Where the time of an answer went, for the header Server-Timing (W3C Server Timing)."""

import time


class ServerTiming:
    """Counts from when it is made; each note is the time since the one before it."""

    __slots__ = ("_notes", "_since")

    def __init__(self) -> None:
        self._since = time.perf_counter()
        self._notes: list[str] = []

    def note(self, name: str) -> None:
        """What was done until now was ``name``, such as ``index``."""
        now = time.perf_counter()
        self._notes.append(f"{name};dur={(now - self._since) * 1000:.3f}")
        self._since = now

    def __str__(self) -> str:
        """The value of the header; durations in milliseconds."""
        return ", ".join(self._notes)
