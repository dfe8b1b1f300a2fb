"""What is parsed, and the window through which a reader looks at it."""

from typing import Protocol

WINDOW_SIZE = 256 * 1024
"""Bytes looked at at once. Most data sets without their pixel data fit; a long one moves the window along."""


class ByteSource(Protocol):
    """A received file, in memory or on disk. Reading is synchronous: parsing runs in a worker."""

    @property
    def size(self) -> int:
        """Bytes in all."""

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from ``start`` to ``stop`` (exclusive), fewer at the end."""


class BytesSource:
    """A file that is in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        """Bytes in all."""
        return len(self._data)

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from ``start`` to ``stop`` (exclusive), fewer at the end."""
        return self._data[start:stop]


class Window:
    """Some bytes of a source, at hand: ``data`` begins at the offset ``base``. All offsets are those of the source."""

    __slots__ = ("_source", "base", "data", "size")

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self.size = source.size
        self.base = 0
        self.data = source.read(0, WINDOW_SIZE)

    def move(self, position: int, size: int = WINDOW_SIZE) -> None:
        """Let the window begin at ``position``."""
        self.data = self._source.read(position, position + size)
        self.base = position

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from ``start`` to ``stop`` (exclusive), fewer at the end; the window stays where it is."""
        at = start - self.base
        if at >= 0 and stop - self.base <= len(self.data):
            return self.data[at : stop - self.base]
        return self._source.read(start, stop)

    def peek(self, position: int, length: int, ahead: int = WINDOW_SIZE) -> bytes:
        """A few bytes at ``position``; when they are not at hand, the window moves there and takes ``ahead`` bytes."""
        at = position - self.base
        if at < 0 or at + length > len(self.data):
            self.move(position, ahead)
            at = 0
        return self.data[at : at + length]
