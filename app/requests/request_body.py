"""The body of a request as it arrives: decoded, counted, refused at the limit."""

from collections.abc import AsyncIterator

from starlette.requests import Request

from app.protocol.content_encoding import ContentDecoder
from app.protocol.errors import PayloadTooLarge
from app.workers import run_cpu


async def request_body(request: Request, most: int) -> AsyncIterator[bytes]:
    """The bytes of the body without its content coding, in pieces of bounded size.

    Raises PayloadTooLarge for more than ``most`` bytes, before the first is read when Content-Length tells, so that a
    client that waits for ``100 Continue`` sends none; UnsupportedMediaType, MalformedRequest for the coding.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise PayloadTooLarge(f"The body of {declared} bytes is longer than {most} bytes")
    received = 0
    async for piece in _decoded(request):
        received += len(piece)
        if received > most:
            raise PayloadTooLarge(f"The body is longer than {most} bytes")
        yield piece


async def _decoded(request: Request) -> AsyncIterator[bytes]:
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding in {"identity", ""}:
        async for piece in request.stream():
            yield piece
        return
    decoder = ContentDecoder(coding)
    async for piece in request.stream():
        pieces = decoder.feed(piece)
        while (decoded := await run_cpu(next, pieces, None)) is not None:
            yield decoded
    decoder.close()
