"""The staging area of the local store: where files grow, and notes of what is being placed.

Each process has a folder of its own below ``staging/``, held by a lock as long as the process lives. What a process
that died has left there is found by the next one that starts: half-received bytes are removed, small blobs that its
journal has are restored, and its notes name the blobs that it may have placed without having committed their rows.
Notes are not synced: after a power cut one may be lost, and the blobs it named take up room, nothing else.
"""

import fcntl
import os
import secrets
import shutil
import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from storage.blobs.files import storage_errors, write_all
from storage.blobs.journal import Journal, restore
from storage.blobs.staged_file import LocalStagedBlob

NOTES_BYTES = 1 << 16
"""Notes are begun anew when they have grown to this size and nothing in them is in doubt any more."""

_LOCK = ".lock"
_NOTES = "notes"


@dataclass(slots=True)
class _Inheritance:
    """What a dead process left behind: its folder, whose lock is ours now, and the keys it noted."""

    folder: Path
    lock: int
    in_doubt: set[str]


class StagingArea:
    """The staging folder of one process, and what dead processes left behind."""

    def __init__(self, root: Path, placed: Path) -> None:
        """Use a folder below ``root``; blobs are placed below ``placed``, also those in dead processes' journals."""
        root.mkdir(parents=True, exist_ok=True)
        self._folder = root / f"{os.getpid()}-{secrets.token_hex(4)}"
        # The lock comes before the folder, so that no other process takes the folder of a living one for a dead one's.
        self._lock = _lock(self._folder)
        self._folder.mkdir()
        self._notes = os.open(self._folder / _NOTES, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        self._noted_bytes = 0
        self._in_doubt: set[str] = set()
        self._inherited = [
            _Inheritance(folder, lock, _read_notes(folder) | restore(folder, placed))
            for folder in [path for path in root.iterdir() if path.is_dir()]
            if (lock := _lock(folder)) is not None
        ]
        self._guard = threading.Lock()
        self.journal = Journal(self._folder, placed)
        self.settle(())

    def new_blob(self) -> LocalStagedBlob:
        """Begin a blob; its file is made when the first bytes are written to it."""
        return LocalStagedBlob(self._folder / secrets.token_hex(8))

    def note(self, keys: Collection[str]) -> None:
        """Write down which keys are about to be placed. Raises StorageFull, StorageUnavailable."""
        lines = "".join(f"{key}\n" for key in keys).encode("ascii")
        with self._guard, storage_errors():
            if self._noted_bytes > NOTES_BYTES and not self._in_doubt:
                os.ftruncate(self._notes, 0)
                self._noted_bytes = 0
            write_all(self._notes, lines)
            self._noted_bytes += len(lines)
            self._in_doubt.update(keys)

    def settle(self, keys: Collection[str]) -> None:
        """These keys are in doubt no more.

        They stay in the notes for a while, so that settling waits for no disk: should this process die, the next one
        finds that they have their rows.
        """
        with self._guard:
            self._in_doubt.difference_update(keys)
            for inheritance in list(self._inherited):
                inheritance.in_doubt.difference_update(keys)
                if not inheritance.in_doubt:
                    _remove(inheritance.folder)
                    os.close(inheritance.lock)
                    self._inherited.remove(inheritance)

    def inherited_keys(self) -> list[str]:
        """Keys in the notes of processes that ended without an orderly end."""
        return [key for inheritance in self._inherited for key in inheritance.in_doubt]

    def close(self) -> None:
        """Leave; what is in doubt stays for the next process."""
        if self._lock is None:
            return
        self.journal.close()
        os.close(self._notes)
        if not self._in_doubt:
            _remove(self._folder)
        for lock in (self._lock, *(inheritance.lock for inheritance in self._inherited)):
            os.close(lock)
        self._lock = None
        self._inherited = []


def _lock(folder: Path) -> int | None:
    """Take the lock of a process's folder; None while that process lives."""
    descriptor = os.open(folder.with_suffix(_LOCK), os.O_RDWR | os.O_CREAT, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _remove(folder: Path) -> None:
    """Remove the folder of a process that needs it no more; its lock is held by the caller."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.with_suffix(_LOCK).unlink(missing_ok=True)


def _read_notes(folder: Path) -> set[str]:
    """The keys in a folder's notes; a last line that was cut short names nothing that exists."""
    try:
        return set((folder / _NOTES).read_text(encoding="ascii").split())
    except FileNotFoundError:
        return set()
