"""The journal of small blobs: their bytes on stable storage at the cost of one sync of one file.

To sync a small file and its folder takes longer than to receive it. So small files are written without it, and their
bytes once more into a journal, which is synced instead. The journal has two halves. When one is full, the other takes
over, and everything on the file system is synced behind it, many files at once; then the full half may be overwritten.
After a crash ``restore`` writes anew what is in the journal and not, or not whole, in the files.
"""

import ctypes
import os
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from struct import Struct
from zlib import crc32

from storage.blobs.files import storage_errors, write_all, write_into

JOURNALED_BYTES = 1 << 16
"""Blobs up to this size are journaled."""

HALF_BYTES = 4 << 20
"""Length of one half."""

_GROWTH = bytes(1 << 20)
"""A half grows by so much at once: what lies within the length of a file is synced without the file system's tables."""

_HEAD = Struct("<III")
"""Before each record: lengths of its key and its data, and the CRC-32 of both."""


class Journal:
    """The journal of one process."""

    def __init__(self, folder: Path, root: Path) -> None:
        """Keep the halves in ``folder``, for files below ``root`` on the same file system."""
        self._halves = _Half(folder / "journal-0"), _Half(folder / "journal-1")
        self._root = root
        # Opened once, for the system tells a failed write only to those who had something open when it failed.
        self._file_system = os.open(root, os.O_RDONLY)
        self._worker = ThreadPoolExecutor(1, "journal")
        self._relieved: Future[None] | None = None
        self._guard = threading.Lock()

    def append(self, blobs: Iterable[tuple[str, bytes]]) -> None:
        """Bring keys and bytes of files that were written just now to stable storage.

        Raises StorageFull, StorageUnavailable.
        """
        with self._guard, storage_errors():
            waiting = bytearray()
            for key, data in blobs:
                record = _record(key, data)
                if not self._halves[0].has_room(len(waiting) + len(record)):
                    self._halves[0].append(waiting)
                    self._turn()
                    waiting.clear()
                waiting += record
            self._halves[0].append(waiting)

    def close(self) -> None:
        """Sync the files, so that no journal is needed."""
        self._worker.shutdown()
        with storage_errors():
            for half in self._halves:
                self._relieve(half)
                half.close()
        os.close(self._file_system)

    def _turn(self) -> None:
        """Go on in the other half, as soon as the files of its records are synced."""
        full, other = self._halves
        if self._relieved is not None:
            try:
                self._relieved.result()
            except OSError:
                self._relieved = self._worker.submit(self._relieve, other)
                raise
        self._halves = other, full
        self._relieved = self._worker.submit(self._relieve, full)

    def _relieve(self, half: "_Half") -> None:
        """Sync the files of a half's records, which may be overwritten then."""
        if half.is_empty:
            return
        if half.in_doubt:
            # The sync before this one failed, and what it could not write the system may have dropped.
            _write_anew(self._root, half.records())
        half.in_doubt = True
        _sync_file_system(self._file_system)
        half.in_doubt = False
        half.rewind()


class _Half:
    """A file of records, written from its start again and again."""

    def __init__(self, path: Path) -> None:
        self.in_doubt = False
        """Whether the files of its records could not be synced."""
        self._path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
        self._length = 0
        self._position = 0

    @property
    def is_empty(self) -> bool:
        return not self._position

    def has_room(self, count: int) -> bool:
        return self._position + count <= HALF_BYTES

    def append(self, records: bytes | bytearray) -> None:
        """Write records and sync them."""
        if not records:
            return
        while self._length < self._position + len(records):
            os.lseek(self._descriptor, self._length, os.SEEK_SET)
            write_all(self._descriptor, _GROWTH)
            self._length += len(_GROWTH)
        os.lseek(self._descriptor, self._position, os.SEEK_SET)
        write_all(self._descriptor, records)
        os.fdatasync(self._descriptor)
        self._position += len(records)

    def rewind(self) -> None:
        self._position = 0

    def records(self) -> Iterator[tuple[str, bytes]]:
        return _records(self._path)

    def close(self) -> None:
        os.close(self._descriptor)


def restore(folder: Path, root: Path) -> set[str]:
    """Write what the journal in ``folder`` has and the files below ``root`` have not; all keys in the journal.

    Also keys of the last time round, and of blobs deleted since: the index knows which of them are needed.
    """
    records = [record for path in sorted(folder.glob("journal-*")) for record in _records(path)]
    if records:
        _write_anew(root, [(key, data) for key, data in records if not _holds(root / key, data)])
        descriptor = os.open(root, os.O_RDONLY)
        try:
            _sync_file_system(descriptor)
        finally:
            os.close(descriptor)
    return {key for key, _ in records}


def _record(key: str, data: bytes) -> bytes:
    name = key.encode("ascii")
    return _HEAD.pack(len(name), len(data), crc32(data, crc32(name))) + name + data


def _records(path: Path) -> Iterator[tuple[str, bytes]]:
    """The records of a half, up to the first that is not whole."""
    journal = path.read_bytes()
    start = 0
    while start + _HEAD.size <= len(journal):
        key_length, data_length, checksum = _HEAD.unpack_from(journal, start)
        middle = start + _HEAD.size + key_length
        end = middle + data_length
        name, data = journal[start + _HEAD.size : middle], journal[middle:end]
        if not key_length or end > len(journal) or crc32(data, crc32(name)) != checksum:
            return
        yield name.decode("ascii"), data
        start = end


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except FileNotFoundError:
        return False


def _write_anew(root: Path, blobs: Iterable[tuple[str, bytes]]) -> None:
    for key, data in blobs:
        (root / key).unlink(missing_ok=True)
        write_into(root, key, data)


def _sync_file_system(descriptor: int) -> None:
    """Sync everything that was written to the file system of an open folder."""
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "syncfs"):  # systems other than Linux
        os.sync()
    elif library.syncfs(descriptor):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
