"""Processes that write the same SQLite file take turns.

SQLite lets one of them write and has the others ask again after pauses of milliseconds, many times as long as a
transaction takes. A lock of the operating system wakes the next one at once, and is free when its holder dies.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType

from storage.errors import StorageUnavailable


class WriterTurn:
    """The turn to write, as a context; for one thread of each process."""

    def __init__(self, database: Path) -> None:
        """Use a file of its own beside the database: locks on that itself are SQLite's."""
        path = database.with_name(f"{database.name}-turn")
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._database = database
        self._file = _identity(database)

    def __enter__(self) -> None:
        """Wait for the turn.

        Raises StorageUnavailable when the file was removed or replaced: what is written to the one that is open would
        be gone when it is closed.
        """
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        if _identity(self._database) != self._file:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            raise StorageUnavailable("The index was removed or replaced while the server runs.")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Pass it on."""
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def __del__(self) -> None:
        os.close(self._descriptor)


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from any other; None when there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
