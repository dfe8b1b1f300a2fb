"""Where the time of an answer went, for the header Server-Timing (W3C Server Timing)."""

import time

from starlette.requests import Request


class ServerTiming:
    """Counts from when the request came; each note is the time since the one before it.

    ``queue`` is what went by before the request was worked on: who asks was found out, and others went first. ``index``
    is look-ups, ``read`` the reading of stored bytes, ``encode`` and ``render`` the making of what is not stored.
    """

    __slots__ = ("_notes", "_since")

    def __init__(self, request: Request) -> None:
        """Begin where the work on a request begins."""
        self._since: float = request.scope["state"]["began"]
        self._notes: list[str] = []
        self.note("queue")

    def note(self, name: str) -> None:
        """What was done until now was ``name``."""
        now = time.perf_counter()
        self._notes.append(f"{name};dur={(now - self._since) * 1000:.3f}")
        self._since = now

    def __str__(self) -> str:
        """The value of the header; durations in milliseconds."""
        return ", ".join(self._notes)
