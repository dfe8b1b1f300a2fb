"""Answers made of stored bytes: whole or the ranges that are asked for, as one part or many (RFC 9110 14, PS3.18 8.6).

The body of a multipart answer is the same bytes each time, its boundary too, so that ranges of it fit together:
viewers load a frame in pieces of the whole body and join them.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from app.head import is_head
from app.protocol.byte_ranges import content_range, parse_byte_ranges
from app.protocol.entity_tags import EntityTag, allows_range
from app.protocol.media_type import MediaType
from app.protocol.multipart_writer import MultipartLayout, Part, closing_delimiter, multipart_related, part_head
from app.protocol.negotiation import Offer
from app.representations import ZIP
from app.responses.sending import ReadyResponse, StreamedResponse, gathered
from app.responses.timing import ServerTiming
from app.responses.validation import Validation
from app.services.content import Chunks, Content, concatenated
from storage.blobs.protocol import CHUNK_BYTES
from storage.resource import ByteRange

HELD_AT_ONCE = CHUNK_BYTES + (1 << 16)
"""Bytes up to which a body is read before its head is sent, which is cheaper: what the store reads at once, and a
little around it."""

PATH_LENGTH = 320
"""Characters of a media type with its transfer syntax and the path of a frame or value together, but for rare ones."""


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A resource in the representation that ``offer`` names; ``url`` is its own."""

    offer: Offer
    content: Content
    url: str


class StoredAnswer:
    """The answer to one request for stored bytes; its time counts from when this is made."""

    def __init__(self, request: Request, base_url: str, path: str, cache_control: str) -> None:
        """Begin the answer for the resource at ``path`` below ``base_url``."""
        self.timing = ServerTiming()
        self.base_url = base_url
        self.url = base_url + path
        self._request = request
        self._cache_control = cache_control

    async def of(self, parts: Sequence[StoredPart], digests: Sequence[bytes]) -> Response:
        """A part as it is, or all as multipart, or ranges of that; ``digests`` identify what is stored."""
        offer = parts[0].offer
        validation = self._validation(offer, digests)
        not_modified = validation.not_modified(self._request)
        if not_modified is not None:
            return not_modified
        if not offer.multipart:
            return await self._send(parts[0].content, str(offer.content_type), validation)
        content, content_type = _multipart(parts, validation.entity_tag.name)
        return await self._send(content, content_type, validation)

    async def of_value(self, part: StoredPart, digest: bytes) -> Response:
        """The value of an attribute: ranges count its bytes also where a multipart is asked for.

        So PS3.18 6.5.5 had it until 2016, and so clients with a ``byte_range`` read it.
        """
        validation = self._validation(part.offer, [digest])
        if validation.not_modified(self._request) is not None or not part.offer.multipart:
            return await self.of([part], [digest])
        ranges = self._ranges(part.content.length, validation)
        if len(ranges) != 1:
            return await self.of([part], [digest])
        cut = StoredPart(part.offer, part.content.cut(ranges[0]), part.url)
        content, content_type = _multipart([cut], validation.entity_tag.name)
        headers = {"content-range": content_range(ranges[0], part.content.length)}
        return await self._respond(content, 206, self._headers(content_type, validation) | headers)

    async def of_many(
        self, parts: AsyncIterator[StoredPart], offers: Sequence[Offer], digests: Sequence[bytes]
    ) -> Response:
        """Parts that are found one after the other while they are sent: more than can be counted beforehand.

        ``offers`` are all those in which parts will be.
        """
        representation = f"{' '.join(map(str, offers))} {self.url}"
        validation = Validation(EntityTag.of(digests, representation), self.url, self._cache_control)
        not_modified = validation.not_modified(self._request)
        if not_modified is not None:
            return not_modified
        boundary = validation.entity_tag.name
        headers = validation.headers(validation.entity_tag)
        headers["content-type"] = str(multipart_related(offers[0].media_type, boundary))
        headers["server-timing"] = str(self.timing)
        longest = len(self.base_url) + PATH_LENGTH
        return StreamedResponse(_streamed_parts(parts, boundary, longest), None, 200, headers)

    def of_archive(self, length: int, chunks: Chunks, name: str, digests: Sequence[bytes]) -> Response:
        """A zip archive that is made while it is sent: the same files each time, though not the same bytes."""
        validation = Validation(EntityTag.of(digests, f"{ZIP} {self.url}", weak=True), self.url, self._cache_control)
        not_modified = validation.not_modified(self._request)
        if not_modified is not None:
            return not_modified
        headers = validation.headers(validation.entity_tag)
        headers["content-type"] = str(ZIP)
        headers["content-disposition"] = f'attachment; filename="{name}"'
        headers["server-timing"] = str(self.timing)
        return StreamedResponse(chunks, length, 200, headers)

    def _validation(self, offer: Offer, digests: Sequence[bytes]) -> Validation:
        return Validation(EntityTag.of(digests, f"{offer} {self.url}"), self.url, self._cache_control)

    async def _send(self, content: Content, content_type: str, validation: Validation) -> Response:
        ranges = self._ranges(content.length, validation)
        headers = self._headers(content_type, validation)
        if not ranges:
            return await self._respond(content, 200, headers)
        if len(ranges) == 1:
            headers["content-range"] = content_range(ranges[0], content.length)
            return await self._respond(content.cut(ranges[0]), 206, headers)
        headers["content-type"], cut = _byte_ranges(content, content_type, ranges, validation.entity_tag.name)
        return await self._respond(cut, 206, headers)

    def _ranges(self, length: int, validation: Validation) -> list[ByteRange]:
        """The ranges to give; none for the whole. Raises RangeNotSatisfiable."""
        header = self._request.headers.get("range")
        if header is None or is_head(self._request.scope):  # RFC 9110 14.2: of GET alone
            return []
        if not allows_range(self._request.headers.get("if-range"), validation.entity_tag):
            return []
        ranges = parse_byte_ranges(header, length)
        return ranges if sum(map(len, ranges)) <= length else []  # RFC 9110 14.2: overlapping ranges are an attack

    def _headers(self, content_type: str, validation: Validation) -> dict[str, str]:
        headers = validation.headers(validation.entity_tag)
        headers["content-type"] = content_type
        headers["accept-ranges"] = "bytes"
        return headers

    async def _respond(self, content: Content, status: int, headers: dict[str, str]) -> Response:
        if content.length > HELD_AT_ONCE or is_head(self._request.scope):
            headers["server-timing"] = str(self.timing)
            return StreamedResponse(content.whole(), content.length, status, headers)
        pieces = [piece async for piece in gathered(content.whole())]
        self.timing.note("read")
        headers["server-timing"] = str(self.timing)
        return ReadyResponse(pieces, status, headers)


def _multipart(parts: Sequence[StoredPart], boundary: str) -> tuple[Content, str]:
    """All parts as one body, and its Content-Type (PS3.18 8.6.1.2)."""
    longest = max(len(str(part.offer.content_type)) + len(part.url) for part in parts)
    layout = MultipartLayout(boundary, [_head(part, longest) for part in parts])
    content = _interleaved(layout, [part.content for part in parts])
    return content, str(multipart_related(parts[0].offer.media_type, boundary))


async def _streamed_parts(parts: AsyncIterator[StoredPart], boundary: str, longest: int) -> Chunks:
    first = True
    async for part in parts:
        yield part_head(_head(part, longest), boundary, first=first)
        async for chunk in part.content.whole():
            yield chunk
        first = False
    yield closing_delimiter(boundary)


def _head(part: StoredPart, longest: int) -> Part:
    """What stands before a part, as long as before all others: dicomweb-client for JavaScript reads the first alone.

    White space before a value means nothing (RFC 9110 5.5). ``longest`` is the length of media type and URL together.
    """
    location = part.url.rjust(longest - len(str(part.offer.content_type)))
    return Part(part.offer.content_type, part.content.length, (("Content-Location", location),))


def _byte_ranges(
    content: Content, content_type: str, ranges: Sequence[ByteRange], boundary: str
) -> tuple[str, Content]:
    """The Content-Type and the body of an answer of several ranges (RFC 9110 14.6)."""
    part_type = MediaType.parse(content_type)
    heads = [Part(part_type, len(each), (("Content-Range", content_range(each, content.length)),)) for each in ranges]
    # The boundary of a multipart representation stands in its own bytes, so it cannot enclose them.
    outer = f"{boundary}-ranges"
    body = _interleaved(MultipartLayout(outer, heads), [content.cut(each) for each in ranges])
    return str(MediaType("multipart", "byteranges", (("boundary", outer),))), body


def _interleaved(layout: MultipartLayout, bodies: Iterable[Content]) -> Content:
    pieces = [piece for head, body in zip(layout.heads, bodies, strict=True) for piece in (Content.of(head), body)]
    return concatenated([*pieces, Content.of(layout.tail)])
