"""The folder by which the processes of one server share what they count, and on what they work."""

import fcntl
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable by which the processes, and the library that counts, know the folder."""

_PREFIX = "fovea-metrics-"

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
"""Files that lie in memory, where a system has it: who writes to a mapped one on a full disk is killed."""

_YOUNG_SECONDS = 60
"""A folder of this age may be one whose server has not locked it yet."""

_LIVE_GAUGE = re.compile(r"gauge_live\w*_(\d+)\.db")


@contextmanager
def shared_figures() -> Iterator[None]:
    """A folder for as long as the server runs, where none is named already."""
    if SHARED_FOLDER in os.environ:
        yield
        return
    _remove_left_behind()
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=_parent(), ignore_cleanup_errors=True) as folder:
        # The lock goes with this process, however suddenly it ends: so the next one tells whose folder is left behind.
        lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.environ[SHARED_FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[SHARED_FOLDER]
            os.close(lock)


def forget_dead_processes() -> None:
    """Remove what processes that died had in hand: it would count as going on for ever."""
    for path in Path(os.environ[SHARED_FOLDER]).glob("gauge_live*.db"):
        found = _LIVE_GAUGE.fullmatch(path.name)
        if found and not _lives(int(found[1])):
            path.unlink(missing_ok=True)


def _remove_left_behind() -> None:
    """Remove the folders of servers that were killed."""
    for folder in _parent().glob(f"{_PREFIX}*"):
        try:
            if time.time() - folder.stat().st_mtime > _YOUNG_SECONDS and _is_unlocked(folder):
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # it is somebody else's, or gone meanwhile


def _parent() -> Path:
    """Where the folder is made."""
    return MEMORY if os.access(MEMORY, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())


def _is_unlocked(folder: Path) -> bool:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
