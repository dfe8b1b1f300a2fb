"""Bytes of a known length as an answer: whole, or the ranges of them that are asked for (RFC 9110 14)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from app.protocol.byte_ranges import content_range, parse_byte_ranges
from app.protocol.entity_tags import allows_range
from app.protocol.media_type import MediaType
from app.protocol.multipart_writer import MultipartLayout, Part
from app.requests.head import is_head
from app.responses.sending import ReadyResponse, StreamedResponse, gathered
from app.responses.timing import ServerTiming
from app.responses.validation import Validation
from app.services.content import Content, concatenated
from storage.blobs.protocol import CHUNK_BYTES
from storage.resource import ByteRange

HELD_AT_ONCE = CHUNK_BYTES + (1 << 16)
"""Bytes up to which a body is read before its head is sent, which is cheaper: what the store reads at once, and a
little around it."""

ACCEPT_RANGES = {"accept-ranges": "bytes"}
NO_RANGES = {"accept-ranges": "none"}
"""What answers say of which ranges can be had, and of which not (RFC 9110 14.3)."""


def asks_for_range(request: Request, validation: Validation) -> bool:
    """Whether ranges are to be looked at: of GET alone (RFC 9110 14.2), and of what the client has begun to load."""
    if "range" not in request.headers or is_head(request.scope):
        return False
    return allows_range(request.headers.get("if-range"), validation.entity_tag)


@dataclass(frozen=True, slots=True)
class RangedAnswer:
    """The answer to a request for a representation whose bytes are the same each time."""

    request: Request
    validation: Validation
    timing: ServerTiming

    def ranges(self, length: int) -> list[ByteRange]:
        """The ranges to give of so many bytes; none for the whole. Raises RangeNotSatisfiable."""
        if not asks_for_range(self.request, self.validation):
            return []
        ranges = parse_byte_ranges(self.request.headers["range"], length)
        return ranges if sum(map(len, ranges)) <= length else []  # RFC 9110 14.2: overlapping ranges are an attack

    async def of(self, content: Content, content_type: str) -> Response:
        """The content, or the ranges of it that are asked for. Raises RangeNotSatisfiable."""
        ranges = self.ranges(content.length)
        if not ranges:
            return await self._respond(content, 200, {"content-type": content_type})
        if len(ranges) == 1:
            return await self.of_range(content.cut(ranges[0]), content_type, ranges[0], content.length)
        content_type, cut = _byte_ranges(content, content_type, ranges, self.validation.entity_tag.name)
        return await self._respond(cut, 206, {"content-type": content_type})

    async def of_range(self, body: Content, content_type: str, byte_range: ByteRange, length: int) -> Response:
        """A range of something that is ``length`` bytes long, which ``body`` stands for."""
        headers = {"content-type": content_type, "content-range": content_range(byte_range, length)}
        return await self._respond(body, 206, headers)

    async def _respond(self, content: Content, status: int, headers: dict[str, str]) -> Response:
        headers |= self.validation.headers(self.validation.entity_tag) | ACCEPT_RANGES
        if content.length > HELD_AT_ONCE or is_head(self.request.scope):
            headers["server-timing"] = str(self.timing)
            return StreamedResponse(content.whole(), content.length, status, headers)
        pieces = [piece async for piece in gathered(content.whole())]
        self.timing.note("read")
        headers["server-timing"] = str(self.timing)
        return ReadyResponse(pieces, status, headers)


def interleaved(layout: MultipartLayout, bodies: Iterable[Content]) -> Content:
    """A multipart body."""
    pieces = [piece for head, body in zip(layout.heads, bodies, strict=True) for piece in (Content.of(head), body)]
    return concatenated([*pieces, Content.of(layout.tail)])


def _byte_ranges(
    content: Content, content_type: str, ranges: Sequence[ByteRange], boundary: str
) -> tuple[str, Content]:
    """The Content-Type and the body of an answer of several ranges (RFC 9110 14.6)."""
    part_type = MediaType.parse(content_type)
    heads = [Part(part_type, len(each), (("Content-Range", content_range(each, content.length)),)) for each in ranges]
    # The boundary of a multipart representation stands in its own bytes, so it cannot enclose them.
    outer = f"{boundary}-ranges"
    body = interleaved(MultipartLayout(outer, heads), [content.cut(each) for each in ranges])
    return str(MediaType("multipart", "byteranges", (("boundary", outer),))), body
