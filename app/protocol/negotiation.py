"""Content negotiation: which of the server's offers answers what the client accepts (RFC 9110 12.5.1, PS3.18 8.7.5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from app.protocol.accept import MediaRange
from app.protocol.errors import NotAcceptable
from app.protocol.media_type import WILDCARD, MediaType

CHOICES_KEPT = 512
"""Choices that are remembered: clients ask for thousands of frames, stored alike, with the same header."""


@dataclass(frozen=True)
class Offer:
    """A representation the server can send.

    ``media_type`` is that of the representation itself; with ``multipart`` it goes out as part of multipart/related.
    ``transfer_syntax_uid`` is None for what has none, such as a rendered image. A client that names no transfer syntax
    gets the first offer of its media type that is a ``default``; one that names ``*`` gets the first offer of all.
    What must be ``made`` from what is stored is given only to clients that do not like another offer as much.
    """

    media_type: MediaType
    multipart: bool = False
    transfer_syntax_uid: str | None = None
    default: bool = True
    made: bool = False

    @cached_property
    def content_type(self) -> MediaType:
        """The Content-Type of the representation: of the answer, or of each of its parts."""
        if self.transfer_syntax_uid is None:
            return self.media_type
        return self.media_type.with_parameter("transfer-syntax", self.transfer_syntax_uid)

    def __str__(self) -> str:
        return self._name

    @cached_property
    def _name(self) -> str:
        if not self.multipart:
            return str(self.content_type)
        related = MediaType("multipart", "related", (("type", self.media_type.essence),))
        return str(
            related
            if self.transfer_syntax_uid is None
            else related.with_parameter("transfer-syntax", self.transfer_syntax_uid)
        )


@dataclass(frozen=True, slots=True)
class _Match:
    """An offer that a range takes in; the greater ``rank`` is the better answer."""

    offer: Offer
    quality: float
    specificity: tuple[int, bool, bool]
    order: tuple[int, int, int]

    @property
    def rank(self) -> tuple[float, bool, tuple[int, bool, bool], tuple[int, int, int]]:
        return self.quality, not self.offer.made, self.specificity, self.order


def choose(acceptable: Sequence[MediaRange], offers: Sequence[Offer]) -> Offer:
    """The best offer. Raises NotAcceptable, which lists the offers.

    The weight of an offer is that of the most specific range that takes it in. The greatest weight wins, then what is
    stored before what must be made, then the more specific range, the earlier range, the transfer syntax that the range
    names first, and the earlier offer.
    """
    return _choose(tuple(acceptable), tuple(offers))


@lru_cache(maxsize=CHOICES_KEPT)
def _choose(acceptable: tuple[MediaRange, ...], offers: tuple[Offer, ...]) -> Offer:
    matches = [match for index, offer in enumerate(offers) if (match := _best_match(offer, index, acceptable))]
    if not matches:
        raise NotAcceptable([str(offer) for offer in offers])
    return max(matches, key=lambda match: match.rank).offer


def _best_match(offer: Offer, offer_index: int, acceptable: Sequence[MediaRange]) -> _Match | None:
    matches = [
        _Match(offer, media_range.quality, _specificity(media_range), (-range_index, -syntax_index, -offer_index))
        for range_index, media_range in enumerate(acceptable)
        if (syntax_index := _taken_in(offer, media_range)) is not None
    ]
    best = max(matches, key=lambda match: (match.specificity, match.order), default=None)
    return best if best and best.quality > 0 else None


def _taken_in(offer: Offer, media_range: MediaRange) -> int | None:
    """Where in the range's transfer syntaxes the offer's stands, or None when the range does not take the offer in."""
    if media_range.multipart not in {None, offer.multipart} or not media_range.media_type.matches(offer.media_type):
        return None
    if offer.transfer_syntax_uid is None:
        return 0
    if not media_range.transfer_syntaxes:
        return 0 if offer.default else None
    asked = media_range.transfer_syntaxes
    return next((index for index, uid in enumerate(asked) if uid in {WILDCARD, offer.transfer_syntax_uid}), None)


def _specificity(media_range: MediaRange) -> tuple[int, bool, bool]:
    """How narrow a range is: its media type first, then whether it says multipart or not, then its transfer syntax."""
    named = (media_range.media_type.type != WILDCARD) + (media_range.media_type.subtype != WILDCARD)
    return named, media_range.multipart is not None, bool({*media_range.transfer_syntaxes} - {WILDCARD})
