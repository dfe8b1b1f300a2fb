"""The staging area of the local store: bytes on their way in, and notes of what is being placed.

Each process has a folder of its own below ``staging/``, held by a lock as long as the process lives. What a process
that died has left there is found by the next one that starts: half-received bytes are removed, and its notes name the
blobs that it may have placed without having committed their rows. Notes are not synced: after a power cut one may be
lost, and the blobs it named take up room, nothing else.
"""

import asyncio
import fcntl
import os
import secrets
import shutil
import threading
from collections.abc import Collection, Iterable
from pathlib import Path

from storage.blobs.files import storage_errors, write_all
from storage.blobs.protocol import CHUNK_BYTES

_LOCK = ".lock"
_NOTE = ".keys"


class LocalStagedBlob:
    """Bytes held in memory up to CHUNK_BYTES, in a file of the staging area from there on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._tail = bytearray()
        self._descriptor: int | None = None
        self._has_file = False

    async def write(self, data: bytes) -> None:
        """Append; bytes go to the file whenever CHUNK_BYTES have come together."""
        self._tail += data
        self.size += len(data)
        if len(self._tail) >= CHUNK_BYTES:
            await asyncio.to_thread(self._flush)

    def read(self, start: int, stop: int) -> bytes:
        """Bytes from ``start`` to ``stop`` (exclusive), fewer at the end."""
        in_file = self.size - len(self._tail)
        head = b""
        if self._descriptor is not None and start < in_file:
            with storage_errors():
                head = os.pread(self._descriptor, min(stop, in_file) - start, start)
        return head + bytes(self._tail[max(start - in_file, 0) : max(stop - in_file, 0)])

    async def seal(self) -> None:
        """Bring every byte to stable storage."""
        await asyncio.to_thread(self._seal)

    async def discard(self) -> None:
        """Forget the bytes."""
        self._tail = bytearray()
        self._close()
        if self._has_file:
            self._has_file = False
            await asyncio.to_thread(self.path.unlink, missing_ok=True)

    def _seal(self) -> None:
        self._flush()
        with storage_errors():
            if self._descriptor is not None:
                os.fsync(self._descriptor)
        self._close()

    def _flush(self) -> None:
        with storage_errors():
            if self._descriptor is None:
                self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640)
                self._has_file = True
            write_all(self._descriptor, self._tail)
        self._tail = bytearray()

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class StagingArea:
    """The staging folder of one process, and the notes that dead processes left behind."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)
        self._folder = root / f"{os.getpid()}-{secrets.token_hex(4)}"
        # The lock comes before the folder, so that no other process takes the folder of a living one for a dead one's.
        self._lock = _lock(self._folder)
        self._folder.mkdir()
        folders = [path for path in root.iterdir() if path.is_dir()]
        self._inherited = [(folder, lock) for folder in folders if (lock := _lock(folder)) is not None]
        self._in_doubt = {path: _read_note(path) for folder, _ in self._inherited for path in folder.glob(f"*{_NOTE}")}
        self._guard = threading.Lock()
        self._remove_settled_folders()

    def new_blob(self) -> LocalStagedBlob:
        """Begin a blob; its file is made when the first bytes are written to it."""
        return LocalStagedBlob(self._folder / secrets.token_hex(8))

    def note(self, keys: Iterable[str]) -> None:
        """Write down which keys are about to be placed."""
        remaining = set(keys)
        path = self._folder / f"{secrets.token_hex(8)}{_NOTE}"
        with storage_errors():
            path.write_text("\n".join(remaining), encoding="ascii")
        with self._guard:
            self._in_doubt[path] = remaining

    def settle(self, keys: Collection[str]) -> None:
        """Strike keys out; a note whose keys are all struck out is removed."""
        with self._guard:
            for path, remaining in list(self._in_doubt.items()):
                remaining.difference_update(keys)
                if not remaining:
                    path.unlink(missing_ok=True)
                    del self._in_doubt[path]
            self._remove_settled_folders()

    def inherited_keys(self) -> list[str]:
        """Keys in the notes of processes that ended without striking them out."""
        folders = {folder for folder, _ in self._inherited}
        return [key for path, keys in self._in_doubt.items() if path.parent in folders for key in keys]

    def close(self) -> None:
        """Leave; what is in doubt stays for the next process."""
        if self._lock is None:
            return
        if not any(path.parent == self._folder for path in self._in_doubt):
            _remove(self._folder)
        for lock in (self._lock, *(lock for _, lock in self._inherited)):
            os.close(lock)
        self._lock = None
        self._inherited = []

    def _remove_settled_folders(self) -> None:
        for folder, lock in list(self._inherited):
            if not any(path.parent == folder for path in self._in_doubt):
                _remove(folder)
                os.close(lock)
                self._inherited.remove((folder, lock))


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


def _read_note(path: Path) -> set[str]:
    return set(path.read_text(encoding="ascii").split())
