"""File operations the local store is made of: durable, and with errors said in storage's own words."""

import ctypes
import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import StorageFull, StorageUnavailable

_LIBRARY = ctypes.CDLL(None)
_SYNC_FILE_RANGE_WRITE = 2

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def storage_errors() -> Iterator[None]:
    """Translate the operating system's errors; what is said names no path."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFull("there is no room left to store the instance") from error
        raise StorageUnavailable(f"the storage folder cannot be used: {error.strerror}") from error


def write_all(descriptor: int, data: bytes | bytearray | memoryview) -> None:
    """Write every byte at the descriptor's position; after a short write (the disk fills up) the rest is tried."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def start_writing(descriptor: int) -> None:
    """Let the system begin to bring a file to the disk; only a hint, for where there is such a call (Linux)."""
    if hasattr(_LIBRARY, "sync_file_range"):
        _LIBRARY.sync_file_range(descriptor, ctypes.c_int64(0), ctypes.c_int64(0), _SYNC_FILE_RANGE_WRITE)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make the bytes of a file durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path, root: Path) -> list[Path]:
    """Make a folder below ``root``; return the folders that got a new name in them and so must be synced."""
    changed: list[Path] = []
    for parent in (*reversed(folder.relative_to(root).parents), folder.relative_to(root)):
        path = root / parent
        try:
            path.mkdir()
        except FileExistsError:
            continue
        except FileNotFoundError:
            if not root.exists():
                raise
            # A deletion took the one above away as empty a moment ago: who asked finds it missing, and asks again.
            break
        changed.append(path.parent)
    return changed


def move_into(source: Path, target: Path, root: Path) -> list[Path]:
    """Rename a file into a folder below ``root`` that is made when missing; return the folders that must be synced."""
    changed: list[Path] = []
    while True:
        try:
            source.rename(target)
        except FileNotFoundError:
            if not source.exists():
                raise
            # The folder was never there, or a deletion took it away as empty a moment ago.
            changed += make_folder(target.parent, root)
        else:
            return [*changed, target.parent]


def write_into(root: Path, key: str, data: bytes) -> list[Path]:
    """Write a new file into a folder below ``root``, as ``move_into`` moves one, though without syncing anything.

    ``key`` is the path of the file from the root. Only folders that had to be made are returned.
    """
    changed: list[Path] = []
    target = f"{root}/{key}"  # to make a Path takes longer than to find the file
    while True:
        try:
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        except FileNotFoundError:
            changed += make_folder(Path(target).parent, root)
        else:
            break
    try:
        write_all(descriptor, data)
    finally:
        os.close(descriptor)
    return changed


def remove(path: Path, root: Path) -> None:
    """Remove a file that may be missing, and the folders above it, below ``root``, that are empty then."""
    path.unlink(missing_ok=True)
    for folder in path.parents:
        if folder == root:
            return
        try:
            folder.rmdir()
        except OSError:
            return  # not empty, or gone: somebody else uses it


def remove_all(paths: Iterable[Path], root: Path) -> None:
    """Remove several files as ``remove`` does."""
    for path in paths:
        remove(path, root)
