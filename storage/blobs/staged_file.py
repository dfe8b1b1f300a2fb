"""Bytes on their way into the local store."""

import asyncio
import os
from pathlib import Path

from storage.blobs.files import start_writing, storage_errors, write_all
from storage.blobs.journal import JOURNALED_BYTES
from storage.blobs.protocol import CHUNK_BYTES

SYNC_EVERY_BYTES = 64 << 20
"""A long file is synced as it comes, so that the client does not wait for all of it at the end."""


class LocalStagedBlob:
    """Bytes held in memory up to CHUNK_BYTES, in a file of the staging area from there on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._tail = bytearray()
        self._descriptor: int | None = None
        self._has_file = False
        self._synced = 0
        self._written_ahead = 0
        """Bytes of the tail that are in the file too."""

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
        with memoryview(self._tail) as tail:
            return head + bytes(tail[max(start - in_file, 0) : max(stop - in_file, 0)])

    def write_ahead(self) -> None:
        """Let the disk begin with what will be waited for when the blob is placed."""
        if self._belongs_in_file and self._written_ahead < len(self._tail):
            with storage_errors():
                write_all(self._file(), memoryview(self._tail)[self._written_ahead :])
                start_writing(self._file())
            self._written_ahead = len(self._tail)

    def seal(self, *, hold: bool = False) -> None:
        """Write every byte to the file and close it; a small blob, or one to hold, stays in memory until placed."""
        if self._has_file or (self._belongs_in_file and not hold):
            self._flush()
            self._close()

    @property
    def is_held(self) -> bool:
        """Whether a sealed blob is in memory, and has no file."""
        return not self._has_file

    @property
    def is_journaled(self) -> bool:
        """Whether it is held, and so small that it goes into the journal when it is placed."""
        return self.is_held and self.size <= JOURNALED_BYTES

    @property
    def held(self) -> bytes:
        """All the bytes of a blob that is held."""
        return bytes(self._tail)

    async def discard(self) -> None:
        """Forget the bytes."""
        self._tail = bytearray()
        self._close()
        if self._has_file:
            self._has_file = False
            await asyncio.to_thread(self.path.unlink, missing_ok=True)

    def placed(self) -> None:
        """The bytes are where they stay: there is nothing to discard any more."""
        self._tail = bytearray()
        self._has_file = False

    @property
    def _belongs_in_file(self) -> bool:
        return self._has_file or self.size > JOURNALED_BYTES

    def _file(self) -> int:
        """The descriptor of the file, which is made when missing."""
        if self._descriptor is None:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640)
            self._has_file = True
        return self._descriptor

    def _flush(self) -> None:
        with storage_errors():
            write_all(self._file(), memoryview(self._tail)[self._written_ahead :])
            if self.size - self._synced >= SYNC_EVERY_BYTES:
                os.fdatasync(self._file())
                self._synced = self.size
        self._tail = bytearray()
        self._written_ahead = 0

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
