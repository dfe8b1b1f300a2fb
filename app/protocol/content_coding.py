"""Content codings of answers: which the client takes (RFC 9110 12.5.3), and how they are made."""

from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

import zstandard
from isal import isal_zlib

_GZIP_WINDOW = 16 + isal_zlib.MAX_WBITS
_GZIP_LEVEL = 1
_ZSTANDARD_LEVEL = 1


class Compressor(Protocol):
    """Compresses a stream piece by piece."""

    def compress(self, data: bytes, /) -> bytes:
        """What is ready of the compressed stream."""

    def flush(self) -> bytes:
        """The rest of it."""


CODINGS: dict[str, Callable[[], Compressor]] = {
    "zstd": lambda: zstandard.ZstdCompressor(level=_ZSTANDARD_LEVEL).compressobj(),
    "gzip": lambda: isal_zlib.compressobj(_GZIP_LEVEL, wbits=_GZIP_WINDOW),
}
"""By name, those we would rather use first. Both in their fast levels: text of this kind gets little smaller with more.
"""


@lru_cache(maxsize=64)
def choose_coding(accept_encoding: str) -> str | None:
    """The coding for a client, or None for none: the greatest weight wins, then the order of ``CODINGS``.

    A client that does not speak of a coding does not get it; ``*`` speaks of all that are not named. What cannot be
    read is left out.
    """
    weights: dict[str, float] = {}
    for element in accept_encoding.lower().split(","):
        name, *parameters = (piece.strip() for piece in element.split(";"))
        weights[name.removeprefix("x-")] = _weight(parameters)
    offered = {name: weights.get(name, weights.get("*", 0.0)) for name in CODINGS}
    best = max(offered, key=lambda name: offered[name])
    return best if offered[best] > 0 and offered[best] >= weights.get("identity", 0.0) else None


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def compress(data: bytes, coding: str) -> bytes:
    """Data in a coding, whole."""
    compressor = CODINGS[coding]()
    return compressor.compress(data) + compressor.flush()
