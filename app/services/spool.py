"""Bytes that are made before it is known how many they are: kept in memory while few, then in a temporary file."""

import tempfile
import weakref
from threading import Lock
from typing import IO

from app.services.content import Chunks, Content
from app.workers import run_cpu
from storage.blobs.protocol import CHUNK_BYTES
from storage.resource import ByteRange

IN_MEMORY_BYTES = 8 << 20
"""Bytes of one spool that are kept in memory."""


class Spool:
    """Written from front to back, then read as a ``Content``; gone when nobody refers to it any more."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115 - closed with its last user
        weakref.finalize(self, self._file.close)
        self._lock = Lock()
        self._length = 0

    async def write(self, data: bytes | bytearray) -> None:
        """Append."""
        await run_cpu(self._file.write, data)
        self._length += len(data)

    def content(self) -> Content:
        """What has been written."""
        return Content(self._length, self._stream)

    async def _stream(self, byte_range: ByteRange) -> Chunks:
        for start in range(byte_range.start, byte_range.stop, CHUNK_BYTES):
            yield await run_cpu(self._read, start, min(start + CHUNK_BYTES, byte_range.stop))

    def _read(self, start: int, stop: int) -> bytes:
        with self._lock:
            self._file.seek(start)
            return self._file.read(stop - start)


async def spooled(chunks: Chunks) -> Content:
    """Bytes that are made once, kept to be read in any order."""
    spool = Spool()
    async for chunk in chunks:
        await spool.write(chunk)
    return spool.content()
