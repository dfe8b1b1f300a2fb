"""A file open for reading, whose bytes in the page cache are read without a thread."""

import os
from pathlib import Path
from typing import Final, Self

from storage.resource import ByteRange

_NOWAIT: Final[int | None] = getattr(os, "RWF_NOWAIT", None)
"""Asks the kernel for what is in the page cache only; Linux knows it."""


class OpenFile:
    """A file open for reading, closed when nobody refers to it any more.

    A reader in a thread keeps its reference, so the descriptor cannot be closed, and its number given to another
    file, under the reader's hands.
    """

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __del__(self) -> None:
        os.close(self._descriptor)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a file; may wait for the disk."""
        return cls(os.open(path, os.O_RDONLY))

    def read_cached(self, byte_range: ByteRange) -> bytearray:
        """What of the range is in the page cache, from its start; never waits for the disk."""
        if _NOWAIT is None:
            return bytearray()
        buffer = bytearray(len(byte_range))
        try:
            count = os.preadv(self._descriptor, [buffer], byte_range.start, _NOWAIT)
        except OSError:  # not cached, or a file system that cannot tell: the caller reads in a thread
            count = 0
        del buffer[count:]
        return buffer

    def read(self, byte_range: ByteRange) -> bytes:
        """The range, fewer bytes at the end of the file; may wait for the disk."""
        return os.pread(self._descriptor, len(byte_range), byte_range.start)
