"""Content-Encoding of a request: bytes in, decoded bytes out (RFC 9110 8.4)."""

import zlib
from collections.abc import Iterator

from app.protocol.errors import MalformedRequest, UnsupportedContentCoding

DECODED_AT_ONCE = 1 << 20
"""Decoded bytes given out at once, at the most: a few received bytes can stand for gigabytes."""

_GZIP = 16 + zlib.MAX_WBITS
_CODINGS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": zlib.MAX_WBITS}
_RECOMMENDED = "gzip", "deflate"


class ContentDecoder:
    """Undoes one content coding; ``feed`` each piece of the body, then ``close``."""

    def __init__(self, coding: str) -> None:
        """Begin. Raises UnsupportedContentCoding for one that is not known here (RFC 9110 15.5.16)."""
        if coding not in _CODINGS:
            raise UnsupportedContentCoding(coding, _RECOMMENDED)
        self._coding = coding
        self._decompressor = zlib.decompressobj(_CODINGS[coding])

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The decoded bytes, in pieces of at most DECODED_AT_ONCE. Raises MalformedRequest."""
        pending = data
        while pending:
            if self._decompressor.eof:
                # RFC 1952 2.2: a gzip file is any number of members, one behind the other.
                self._decompressor = zlib.decompressobj(_CODINGS[self._coding])
            try:
                decoded = self._decompressor.decompress(pending, DECODED_AT_ONCE)
            except zlib.error as error:
                raise MalformedRequest(f"The body is not {self._coding} as its Content-Encoding says") from error
            pending = self._decompressor.unconsumed_tail or self._decompressor.unused_data
            if decoded:
                yield decoded

    def close(self) -> None:
        """The body is at its end. Raises MalformedRequest when the compressed data is not."""
        if not self._decompressor.eof:
            raise MalformedRequest(f"The {self._coding} data of the body ended too early")
