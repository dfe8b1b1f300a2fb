"""Answers made of stored bytes: whole or the ranges that are asked for, as one part or many (RFC 9110 14, PS3.18 8.6).

The body of a multipart answer is the same bytes each time, its boundary too, so that ranges of it fit together:
viewers load a frame in pieces of the whole body and join them.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from app.protocol.entity_tags import EntityTag
from app.protocol.multipart_writer import MultipartLayout, Part, closing_delimiter, multipart_related, part_head
from app.protocol.negotiation import Offer
from app.representations import ZIP_OFFER
from app.requests.dependencies import Server
from app.responses.ranges import ACCEPT_RANGES, NO_RANGES, RangedAnswer, asks_for_range, interleaved
from app.responses.sending import StreamedResponse
from app.responses.timing import ServerTiming
from app.responses.validation import Validation
from app.services.content import Chunks, Content, counted

PATH_LENGTH = 320
"""Characters of a media type with its transfer syntax and the path of a frame or value together, but for rare ones."""


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A resource in the representation that ``offer`` names; ``url`` is its own."""

    offer: Offer
    content: Content
    url: str


class StoredAnswer:
    """The answer to one request for stored bytes."""

    def __init__(self, server: Server, request: Request, path: str) -> None:
        """Begin the answer for the resource at ``path`` below the DICOMweb root."""
        self.timing = ServerTiming(request)
        self.base_url = server.base_url.of(request)
        self.url = self.base_url + path
        self._request = request
        self._cache_control = server.cache_control

    def not_modified(self, offer: Offer, digests: Sequence[bytes]) -> Response | None:
        """The answer to a client that holds the representation already, before it is made; None to others.

        If-Match, and If-None-Match for any, are judged when it is known what there is: another one than this may take
        its place, or none.
        """
        headers = self._request.headers
        if "if-match" in headers or headers.get("if-none-match", "").strip() == "*":
            return None
        return self._validation(offer, digests).not_modified(self._request, self.timing)

    async def of(self, parts: Sequence[StoredPart], digests: Sequence[bytes]) -> Response:
        """A part as it is, or all as multipart, or ranges of that; ``digests`` identify what is stored."""
        offer = parts[0].offer
        validation = self._validation(offer, digests)
        not_modified = validation.not_modified(self._request, self.timing)
        if not_modified is not None:
            return not_modified
        answer = RangedAnswer(self._request, validation, self.timing)
        if not offer.multipart:
            return await answer.of(parts[0].content, str(offer.content_type))
        return await answer.of(*_multipart(parts, validation.entity_tag.name))

    async def of_value(self, part: StoredPart, digest: bytes) -> Response:
        """The value of an attribute: ranges count its bytes also where a multipart is asked for.

        So PS3.18 6.5.5 had it until 2016, and so clients with a ``byte_range`` read it.
        """
        validation = self._validation(part.offer, [digest])
        if not part.offer.multipart:
            return await self.of([part], [digest])
        not_modified = validation.not_modified(self._request, self.timing)
        if not_modified is not None:
            return not_modified
        answer = RangedAnswer(self._request, validation, self.timing)
        ranges = answer.ranges(part.content.length)
        if len(ranges) != 1:
            return await self.of([part], [digest])
        cut = StoredPart(part.offer, part.content.cut(ranges[0]), part.url)
        content, content_type = _multipart([cut], validation.entity_tag.name)
        return await answer.of_range(content, content_type, ranges[0], part.content.length)

    async def of_found(
        self, parts: Callable[[], AsyncGenerator[StoredPart]], offers: Sequence[Offer], digests: Sequence[bytes]
    ) -> Response:
        """Parts that are found one after the other, the same each time: more than can be held, but of known lengths.

        ``offers`` are all those in which parts will be.
        """
        validation = self._validation_of_many(offers, digests)
        not_modified = validation.not_modified(self._request, self.timing)
        if not_modified is not None:
            return not_modified
        boundary, longest = validation.entity_tag.name, len(self.base_url) + PATH_LENGTH
        content_type = str(multipart_related(offers[0].media_type, boundary))
        if asks_for_range(self._request, validation):
            content = await counted(lambda: _pieces(parts(), boundary, longest))
            return await RangedAnswer(self._request, validation, self.timing).of(content, content_type)
        return self._streamed(parts(), validation, content_type, ACCEPT_RANGES)

    async def of_made(
        self, parts: AsyncGenerator[StoredPart], offers: Sequence[Offer], digests: Sequence[bytes]
    ) -> Response:
        """Parts that are made one after the other while they are sent, so that nobody knows where a range of them is.

        That is said (RFC 9110 14.3), and a Range is answered with the whole (14.2).
        """
        validation = self._validation_of_many(offers, digests)
        not_modified = validation.not_modified(self._request, self.timing)
        if not_modified is not None:
            return not_modified
        content_type = str(multipart_related(offers[0].media_type, validation.entity_tag.name))
        return self._streamed(parts, validation, content_type, NO_RANGES)

    def _streamed(
        self, parts: AsyncGenerator[StoredPart], validation: Validation, content_type: str, ranges: Mapping[str, str]
    ) -> Response:
        headers = {"content-type": content_type, "server-timing": str(self.timing), **ranges}
        headers |= validation.headers(validation.entity_tag)
        chunks = _chunks(_pieces(parts, validation.entity_tag.name, len(self.base_url) + PATH_LENGTH))
        return StreamedResponse(chunks, None, 200, headers)

    def _validation_of_many(self, offers: Sequence[Offer], digests: Sequence[bytes]) -> Validation:
        representation = f"{' '.join(map(str, offers))} {self.url}"
        return Validation(EntityTag.of(digests, representation), self.url, self._cache_control)

    async def of_archive(self, archive: Content, name: str, digests: Sequence[bytes]) -> Response:
        """A zip archive under the file name that it is to be kept under."""
        response = await self.of([StoredPart(ZIP_OFFER, archive, self.url)], digests)
        response.headers["content-disposition"] = f'attachment; filename="{name}"'
        return response

    def _validation(self, offer: Offer, digests: Sequence[bytes]) -> Validation:
        return Validation(EntityTag.of(digests, f"{offer} {self.url}"), self.url, self._cache_control)


def _multipart(parts: Sequence[StoredPart], boundary: str) -> tuple[Content, str]:
    """All parts as one body, and its Content-Type (PS3.18 8.6.1.2)."""
    longest = max(len(str(part.offer.content_type)) + len(part.url) for part in parts)
    layout = MultipartLayout(boundary, [_head(part, longest) for part in parts])
    content = interleaved(layout, [part.content for part in parts])
    return content, str(multipart_related(parts[0].offer.media_type, boundary))


async def _pieces(parts: AsyncGenerator[StoredPart], boundary: str, longest: int) -> AsyncGenerator[Content]:
    """A multipart body, piece by piece."""
    first = True
    async with aclosing(parts):
        async for part in parts:
            yield Content.of(part_head(_head(part, longest), boundary, first=first))
            yield part.content
            first = False
    yield Content.of(closing_delimiter(boundary))


async def _chunks(pieces: AsyncGenerator[Content]) -> Chunks:
    async with aclosing(pieces):
        async for piece in pieces:
            async for chunk in piece.whole():
                yield chunk


def _head(part: StoredPart, longest: int) -> Part:
    """What stands before a part, as long as before all others: dicomweb-client for JavaScript reads the first alone.

    White space before a value means nothing (RFC 9110 5.5). ``longest`` is the length of media type and URL together.
    """
    location = part.url.rjust(longest - len(str(part.offer.content_type)))
    return Part(part.offer.content_type, part.content.length, (("Content-Location", location),))
