"""Of the processes that share a SQLite file, one sweeps at a time.

It spares work, no more: two that sweep at once do no harm.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import StorageUnavailable


@contextmanager
def sweeping_turn(database: Path) -> Iterator[bool]:
    """Whether it is this process's turn; then it is nobody else's until the block ends. Raises StorageUnavailable."""
    try:
        path = database.with_name(f"{database.name}-sweep")
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise StorageUnavailable("The index cannot be opened.") from error
    try:
        yield _is_locked(descriptor)
    finally:
        os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
