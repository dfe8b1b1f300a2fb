"""Bytes on their way into an object store: kept at hand for the parser, and sent on as they come when they are many."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

from storage.blobs.files import storage_errors, write_all
from storage.blobs.object_client import PART_BYTES
from storage.blobs.protocol import CHUNK_BYTES
from storage.errors import StorageError

HELD_BYTES = 1 << 16
"""Bytes of a sealed blob that stay in memory; more go to the file."""


class UploadAborted(Exception):
    """Tells who sends the bytes that no more will come."""


class Sender(Protocol):
    """Who brings bytes to the object store."""

    async def send(self, data: AsyncIterator[bytes]) -> str:
        """Store bytes; the key under which they are then. Raises what ``data`` raises; then nothing is stored."""

    async def take_back(self, keys: list[str]) -> None:
        """Remove what was stored, now or, when the store is away, later."""


class ObjectStagedBlob:
    """Bytes in memory up to CHUNK_BYTES, from there on in a file without a name, gone with the process.

    From PART_BYTES on they are sent while they come in.
    """

    def __init__(self, folder: Path, sender: Sender) -> None:
        self.size = 0
        self._folder = folder
        self._sender = sender
        self._tail = bytearray()
        self._file: IO[bytes] | None = None
        self._filed = 0
        self._sending: asyncio.Task[str] | None = None
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._sealed = False
        self._discarded = False

    async def write(self, data: bytes) -> None:
        """Append. Also tells of an upload that has failed meanwhile."""
        self._tail += data
        self.size += len(data)
        if len(self._tail) >= CHUNK_BYTES:
            await asyncio.to_thread(self._flush)
            self._send_on()

    def read(self, start: int, stop: int) -> bytes:
        """Bytes from ``start`` to ``stop`` (exclusive), fewer at the end."""
        head = self._read_file(start, max(min(stop, self._filed), start))
        with memoryview(self._tail) as tail:
            return head + bytes(tail[max(start - self._filed, 0) : max(stop - self._filed, 0)])

    def write_ahead(self) -> None:
        """Those that make a part of an upload are on their way already."""

    def seal(self, *, hold: bool = False) -> None:
        """Write every byte to the file; a small blob, or one to hold, stays in memory until it is placed."""
        if self._file is not None or (self.size > HELD_BYTES and not hold):
            self._flush()
        self._sealed = True
        self._loop.call_soon_threadsafe(self._changed.set)

    async def discard(self) -> None:
        """Forget the bytes, also those that were sent."""
        self._discarded = True
        self._changed.set()
        if self._sending is not None:
            with suppress(UploadAborted, StorageError):  # nothing was stored then
                await self._sender.take_back([await self._sending])
        self.release()

    async def sent(self) -> str | None:
        """Wait until a blob that is sealed is sent; its key, or None for one too small to be sent while it came."""
        return None if self._sending is None else await self._sending

    def release(self) -> None:
        """Let go of bytes that are needed here no more."""
        self._sending = None
        self._tail = bytearray()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _flush(self) -> None:
        with storage_errors():
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0, dir=self._folder)  # noqa: SIM115 - closed by release
            write_all(self._file.fileno(), self._tail)
        self._filed += len(self._tail)
        self._tail = bytearray()

    def _read_file(self, start: int, stop: int) -> bytes:
        if self._file is None:
            return b""
        with storage_errors():
            return os.pread(self._file.fileno(), stop - start, start)

    def _send_on(self) -> None:
        if self._sending is None:
            if self._filed >= PART_BYTES:
                self._sending = asyncio.create_task(self._sender.send(self._pieces()))
        elif self._sending.done():
            self._sending.result()
        self._changed.set()

    async def _pieces(self) -> AsyncIterator[bytes]:
        """The bytes of the file, in pieces of CHUNK_BYTES.

        None of a part that is not whole yet, for it would wait in memory; and none of what is being appended elsewhere.
        """
        position = 0
        while not (self._sealed and position == self._filed):
            ready = self._filed if self._sealed else self._filed - self._filed % PART_BYTES
            if position == ready:
                await self._changed.wait()
                self._changed.clear()
            else:
                piece = await asyncio.to_thread(self._read_file, position, min(position + CHUNK_BYTES, ready))
                position += len(piece)
                yield piece
            if self._discarded:
                raise UploadAborted
