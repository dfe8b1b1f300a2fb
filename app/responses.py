"""The answers: stored bytes and DICOM JSON, streamed without holding them."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.head import is_head
from app.protocol.multipart_writer import MultipartLayout, Part, multipart_related, new_boundary
from app.protocol.negotiation import Offer
from storage.records import BASE_URL_MARK

DICOM_JSON = "application/dicom+json"

FEW_BACKSLASHES = 1000
"""Backslashes up to which a document is taken apart at them."""

SMALL_PIECE_BYTES = 1 << 16
"""Pieces up to this size are joined before they are sent: one write costs more than a copy."""


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a representation: its length in bytes, and where the bytes come from."""

    length: int
    chunks: AsyncIterator[bytes | bytearray]


class StreamedResponse(Response):
    """An answer of known length whose bytes are produced as they are sent.

    Everything that can be refused was refused before this is made. What fails from here on raises, which breaks the
    connection: a client sees that the answer is not whole (never a clean end after half a study).
    """

    def __init__(self, chunks: AsyncGenerator[bytes | bytearray], length: int | None, media_type: str) -> None:
        super().__init__(media_type=media_type)
        self._chunks = chunks
        del self.headers["content-length"]
        if length is not None:
            self.headers["content-length"] = str(length)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send head and body; stop early when the client has gone, or asked for the head alone."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if is_head(scope):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        async with _watch_for_disconnect(receive) as gone, aclosing(self._chunks) as chunks:
            async for chunk in chunks:
                if gone():
                    return
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


@asynccontextmanager
async def _watch_for_disconnect(receive: Receive) -> AsyncIterator[Callable[[], bool]]:
    """A function that tells whether the client has gone: the server itself drops what is sent to nobody in silence."""

    async def wait() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    waiting = asyncio.create_task(wait())
    try:
        yield waiting.done
    finally:
        waiting.cancel()


def multipart(contents: Sequence[tuple[Offer, Body]]) -> StreamedResponse:
    """One or more representations as the parts of an answer (PS3.18 8.6.1.2)."""
    boundary = new_boundary()
    layout = MultipartLayout(boundary, [Part(offer.content_type, body.length) for offer, body in contents])
    chunks = _interleave(layout, [body for _, body in contents])
    content_type = multipart_related(contents[0][0].media_type, boundary)
    return StreamedResponse(_gathered(chunks), layout.content_length, str(content_type))


def single_part(offer: Offer, body: Body) -> StreamedResponse:
    """One representation as the answer itself."""
    return StreamedResponse(_gathered(body.chunks), body.length, str(offer.content_type))


def json_array(documents: Iterable[bytes], base_url: str, media_type: str = DICOM_JSON) -> Response:
    """DICOM JSON objects as an array (PS3.18 F.2.1)."""
    return Response(_joined(documents, base_url, b"[", b"]"), media_type=media_type)


async def json_array_stream(
    batches: AsyncIterator[Sequence[bytes]], base_url: str, media_type: str = DICOM_JSON
) -> Response:
    """DICOM JSON objects as an array: whole when they are one batch, streamed when there are more."""
    first = await anext(batches)
    second = await anext(batches, None)
    if second is None:
        return json_array(first, base_url, media_type)
    return StreamedResponse(_json_chunks([first, second], batches, base_url), None, media_type)


async def _json_chunks(
    begun: Iterable[Sequence[bytes]], rest: AsyncIterator[Sequence[bytes]], base_url: str
) -> AsyncGenerator[bytes]:
    opening = b"["
    for batch in begun:
        yield _joined(batch, base_url, opening, b"")
        opening = b","
    async for batch in rest:
        yield _joined(batch, base_url, opening, b"")
    yield b"]"


def absolute(document: bytes, base_url: str) -> bytes:
    """A stored document with its URLs below ``base_url``."""
    return _joined([document], base_url, b"", b"")


def _joined(documents: Iterable[bytes], base_url: str, opening: bytes, closing: bytes) -> bytes:
    """Stored documents with commas between them, and their URLs below ``base_url``: copied once, for they are long."""
    url = f"{base_url}/".encode()
    pieces, between = [opening], b""
    for document in documents:
        pieces.append(between)
        _take_apart(document, url, pieces)
        between = b","
    return b"".join((*pieces, closing))


def _take_apart(document: bytes, url: bytes, pieces: list[bytes]) -> None:
    """Append a document in pieces, ``url`` in the place of each mark.

    The same as a replacement of BASE_URL_MARK, ten times as fast: single bytes are found at memory speed, and most of
    a document's few backslashes are those of its marks.
    """
    before, *others = document.split(b"\\", FEW_BACKSLASHES)
    if len(others) == FEW_BACKSLASHES:
        pieces.append(document.replace(BASE_URL_MARK, b'"' + url))
        return
    pieces.append(before)
    for piece in others:
        is_mark = piece.startswith(b"/") and before.endswith(b'"')
        pieces += (url, piece[1:]) if is_mark else (b"\\", piece)
        before = piece


async def _interleave(layout: MultipartLayout, bodies: Sequence[Body]) -> AsyncGenerator[bytes | bytearray]:
    for head, body in zip(layout.heads, bodies, strict=True):
        yield head
        async for chunk in body.chunks:
            yield chunk
    yield layout.tail


async def _gathered(chunks: AsyncIterator[bytes | bytearray]) -> AsyncGenerator[bytes | bytearray]:
    """The same bytes, small pieces together."""
    waiting = bytearray()
    async for chunk in chunks:
        if len(waiting) + len(chunk) <= SMALL_PIECE_BYTES:
            waiting += chunk
            continue
        if waiting:
            yield bytes(waiting)
            waiting.clear()
        if len(chunk) > SMALL_PIECE_BYTES:
            yield chunk
        else:
            waiting += chunk
    if waiting:
        yield bytes(waiting)
