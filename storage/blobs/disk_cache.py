"""A bounded folder of blocks that were fetched from afar. Several processes may share it.

A block is a file of its own, ``<key>.<number>``, written beside its place and renamed to it, so that nobody reads half
of one. The bytes of a key never change, so none can be stale. When the folder is full, what was not used for longest is
removed, by the times of the files. Nothing in it needs to last: whatever goes wrong, the bytes are fetched again.
"""

import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from storage.blobs.open_file import OpenFile

USED_SECONDS = 60.0
"""A block's time of use is right to this many seconds: not every reader writes it."""

_KEPT = 3 / 4
"""What is left of a full folder. Processes look how full it is after each has added a sixteenth: four share it without
filling more than the whole."""
_ADDED = 1 / 16


class DiskCache:
    """Blocks below ``folder``, of ``capacity`` bytes together. Every method is synchronous, for a worker thread."""

    def __init__(self, folder: Path, capacity: int) -> None:
        self._folder = folder
        self._capacity = capacity
        self._added = capacity  # what is there from before is looked at with the first block

    def open(self, key: str, number: int) -> OpenFile | None:
        """A block, open for reading, or None. One that is removed meanwhile can be read all the same."""
        path = self._path(key, number)
        try:
            file = OpenFile.open(path)
            if time.time() - path.stat().st_mtime > USED_SECONDS:
                os.utime(path)
        except OSError:
            return None
        return file

    def put(self, key: str, number: int, data: bytes) -> None:
        """Keep a block; that the disk may be full is no error."""
        path = self._path(key, number)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(secrets.token_hex(8))
            try:
                beside.write_bytes(data)
                beside.rename(path)
            except OSError:
                beside.unlink(missing_ok=True)
        self._added += len(data)
        if self._added >= self._capacity * _ADDED:
            self._added = 0
            self._make_room()

    def forget(self, keys: Iterable[str]) -> None:
        """Remove all blocks of some keys."""
        for key in keys:
            path = self._folder / key
            for block in path.parent.glob(f"{path.name}.*"):
                block.unlink(missing_ok=True)

    def _path(self, key: str, number: int) -> Path:
        return self._folder / f"{key}.{number}"

    def _make_room(self) -> None:
        """Remove the blocks not used for longest when there are too many, and folders that are empty."""
        blocks = sorted(self._blocks())
        excess = sum(size for _, size, _ in blocks) - self._capacity * _KEPT
        for _, size, path in blocks:
            if excess <= 0:
                return
            excess -= size
            with suppress(OSError):
                path.unlink()
                path.parent.rmdir()

    def _blocks(self) -> Iterator[tuple[float, int, Path]]:
        """Time of use, bytes on the disk, and path of each."""
        for folder, _, names in os.walk(self._folder):
            for path in (Path(folder, name) for name in names):
                with suppress(OSError):
                    status = path.stat()
                    yield status.st_mtime, status.st_blocks * 512, path
