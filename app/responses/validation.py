"""What an answer says of itself to caches and to clients that hold it already (RFC 9110 8.8, 13; RFC 9111)."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from app.protocol.entity_tags import EntityTag, fails_if_match, find_match
from app.protocol.errors import PreconditionFailed
from app.responses.timing import ServerTiming

VARY = "Accept, Accept-Encoding, Authorization"
"""What besides the URL decides an answer. Authorization, lest a browser shows one user what another was given."""

REVALIDATED = "private, no-cache"
"""What may grow, or be replaced or deleted: kept by the client, and used again only after asking."""


def cache_control(seconds: int) -> str:
    """Cache-Control of what is stored under a SOPInstanceUID.

    Its bytes are meant never to change, but an instance can be deleted, and replaced by one of the same UID: a frame of
    the old beside the metadata of the new would be a wrong image. So whoever keeps an answer asks before using it
    again, but for the time that the settings allow.
    """
    return f"private, max-age={seconds}, immutable" if seconds else REVALIDATED


@dataclass(frozen=True, slots=True)
class Validation:
    """How caches may treat an answer: the name of what it holds, how long it holds, and its URL."""

    entity_tag: EntityTag
    location: str | None = None
    cache_control: str = REVALIDATED

    def headers(self, entity_tag: EntityTag) -> dict[str, str]:
        """The headers of an answer, also of one that says that nothing has changed (RFC 9110 15.4.5)."""
        headers = {"etag": str(entity_tag), "cache-control": self.cache_control, "vary": VARY}
        return headers if self.location is None else {**headers, "content-location": self.location}

    def not_modified(self, request: Request, timing: ServerTiming, codings: Sequence[str] = ()) -> Response | None:
        """The answer to a client that holds the representation already, in any of the codings; None to others.

        Preconditions are judged in the order of RFC 9110 13.2.2. Those of a date are not: there is no Last-Modified,
        and then 13.1.3 and 13.1.4 want them to be ignored. Raises PreconditionFailed.
        """
        if_match, if_none_match = (_field(request, name) for name in ("if-match", "if-none-match"))
        if if_match is if_none_match is None:
            return None
        tags = [self.entity_tag, *map(self.entity_tag.coded, codings)]
        # Ranges are of the representation without a coding: it is the one that must match.
        if fails_if_match(if_match, tags[:1] if "range" in request.headers else tags):
            raise PreconditionFailed
        held = find_match(if_none_match, tags)
        return None if held is None else Response(None, 304, self.headers(held) | {"server-timing": str(timing)})


def _field(request: Request, name: str) -> str | None:
    """The value of a header field, its lines joined as one list (RFC 9110 5.3); None without it."""
    return ", ".join(request.headers.getlist(name)) if name in request.headers else None
