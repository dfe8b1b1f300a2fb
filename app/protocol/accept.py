"""Which representations the client accepts: the Accept header, or the query parameter in its place."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from app.protocol.errors import MalformedRequest
from app.protocol.media_type import WILDCARD, MediaType, split_list

LEGACY_MEDIA_TYPES = {
    "image/x-jls": MediaType("image", "jls"),
    "image/x-jpls": MediaType("image", "jls"),
    "image/x-dicom-rle": MediaType("image", "dicom-rle"),
    "image/dicom+jpeg": MediaType("image", "jpeg"),
}
"""Names that older guides and viewers still ask for, and today's name for the same bytes (PS3.18 8.7.3.3)."""

_ANY = MediaType(WILDCARD, WILDCARD)


@dataclass(frozen=True, slots=True)
class MediaRange:
    """One acceptable media range.

    ``media_type`` is that of a single representation, also in ``multipart/related``, where the ``type`` parameter
    names it. ``multipart`` is None where either will do. ``transfer_syntaxes`` are the values of the parameter in
    order, ``*`` for any of them; empty where the client named none. ``quality`` lies between 0 (not acceptable) and 1.
    """

    media_type: MediaType
    multipart: bool | None
    transfer_syntaxes: tuple[str, ...] = ()
    quality: float = 1.0


ACCEPTS_KEPT = 256
"""Headers and parameters whose reading is remembered: a client sends the same with thousands of requests."""

ANYTHING = MediaRange(_ANY, multipart=None)
"""What the client means who does not say (RFC 9110 12.5.1)."""


@lru_cache(maxsize=ACCEPTS_KEPT)
def parse_accept(header: str | None, query_parameter: str | None = None) -> tuple[MediaRange, ...]:
    """The acceptable media ranges in the client's order, never none.

    The query parameter ``accept`` takes the place of the header (PS3.18 8.3.3.1). What cannot be read is left out, as
    clients send lists that libraries made for them; when nothing is left, everything is acceptable.
    """
    text = query_parameter or header or ""
    return tuple(_media_ranges(split_list(text))) or (ANYTHING,)


def _media_ranges(texts: list[str]) -> Iterator[MediaRange]:
    for text in texts:
        try:
            media_type = MediaType.parse(text)
            yield _media_range(media_type, _quality(media_type))
        except MalformedRequest:
            continue


def _media_range(asked: MediaType, quality: float) -> MediaRange:
    transfer_syntaxes = asked.parameter_values("transfer-syntax")
    multipart = None if asked.type == WILDCARD else asked.type == "multipart"
    if multipart:
        asked = MediaType.parse(asked.parameter("type") or WILDCARD)
    media_type = LEGACY_MEDIA_TYPES.get(asked.essence) or MediaType(asked.type, asked.subtype)
    return MediaRange(media_type, multipart, transfer_syntaxes, quality)


def _quality(media_type: MediaType) -> float:
    """The weight (RFC 9110 12.4.2), with the ``.2`` that Java sends."""
    text = media_type.parameter("q")
    if text is None:
        return 1.0
    if not text.replace(".", "", 1).isdecimal():
        raise MalformedRequest(f"This is not a weight: {text!r}")
    return min(float(text), 1.0)
