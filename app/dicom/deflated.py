"""Deflated data sets: everything behind the file meta information is one raw deflate stream (PS3.5 A.5, RFC 1951).

Offsets into a deflated data set count inflated bytes from the first byte of the data set. There is no seeking: what
lies at an offset is found by inflating all that comes before it, in bounded memory.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence

from app.dicom.byte_source import ByteSource, BytesSource
from app.dicom.errors import LimitExceeded, MalformedDataSet
from app.dicom.limits import ParseLimits
from storage.resource import ByteRange

CHUNK = 256 * 1024
"""Bytes inflated at once."""

KEPT_IN_MEMORY = 4 * 1024 * 1024
"""A data set of up to this many inflated bytes is kept whole while it is parsed."""


def inflate(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The inflated bytes of a raw deflate stream in chunks of bounded size; what follows its end is ignored.

    Raises MalformedDataSet when it is no deflate stream or ends too early.
    """
    decompressor = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for chunk in chunks:
            pending = chunk
            while pending and not decompressor.eof:
                yield decompressor.decompress(pending, CHUNK)
                pending = decompressor.unconsumed_tail
            if decompressor.eof:
                return
        while tail := decompressor.decompress(decompressor.unconsumed_tail, CHUNK):
            yield tail
    except zlib.error as error:
        raise MalformedDataSet("The deflated data set is damaged: it cannot be inflated.") from error
    if not decompressor.eof:
        raise MalformedDataSet("The deflated data set is cut off: its deflate stream does not end.")


def inflate_ranges(chunks: Iterable[bytes], ranges: Sequence[ByteRange]) -> Iterator[bytes]:
    """The bytes of ranges of a deflated data set, one after the other, in chunks of bounded size.

    ``chunks`` is the deflate stream from its first byte on; it is read no further than needed. ``ranges`` are offsets
    into the inflated data set, ascending and not overlapping. Raises MalformedDataSet as ``inflate`` does.
    """
    wanted = list(reversed(ranges))
    position = 0
    for data in inflate(chunks):
        while wanted and wanted[-1].start < position + len(data):
            yield data[max(wanted[-1].start - position, 0) : wanted[-1].stop - position]
            if wanted[-1].stop > position + len(data):
                break
            wanted.pop()
        if not wanted:
            return
        position += len(data)


def inflated_source(source: ByteSource, start: int, limits: ParseLimits) -> ByteSource:
    """The inflated data set as a source of its own; ``start`` is where the deflate stream begins in the file.

    Raises MalformedDataSet as ``inflate`` does, LimitExceeded for more than ``limits.max_inflated`` bytes.
    """
    size = 0
    kept: list[bytes] = []
    for data in inflate(_chunks(source, start)):
        size += len(data)
        if size > limits.max_inflated:
            raise LimitExceeded(f"The deflated data set inflates to more than {limits.max_inflated} bytes.")
        if size <= KEPT_IN_MEMORY:
            kept.append(data)
    if size <= KEPT_IN_MEMORY:
        return BytesSource(b"".join(kept))
    return _InflatedSource(source, start, size, limits.max_inflate_restarts)


def _chunks(source: ByteSource, start: int) -> Iterator[bytes]:
    for position in range(start, source.size, CHUNK):
        yield source.read(position, position + CHUNK)


class _InflatedSource:
    """A long inflated data set, read from front to back; a look back inflates anew, which is allowed a few times."""

    def __init__(self, source: ByteSource, start: int, size: int, restarts: int) -> None:
        self._source = source
        self._start = start
        self._restarts_left = restarts
        self.size = size
        self._rewind()

    def _rewind(self) -> None:
        self._stream = inflate(_chunks(self._source, self._start))
        self._data = b""
        self._base = 0

    def read(self, start: int, stop: int) -> bytes:
        """The inflated bytes from ``start`` to ``stop`` (exclusive), fewer at the end."""
        if start < self._base:
            if not self._restarts_left:
                raise LimitExceeded("The deflated data set is too tangled to be read from front to back.")
            self._restarts_left -= 1
            self._rewind()
        pieces = []
        position = start
        while position < min(stop, self.size):
            at = position - self._base
            pieces.append(self._data[at : stop - self._base])
            position += len(pieces[-1])
            if position < stop:
                self._base += len(self._data)
                self._data = next(self._stream, b"")
        return b"".join(pieces)
