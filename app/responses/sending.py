"""How answers leave: at once when they are at hand, else streamed while the client is there."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.codecs.errors import CannotTranscode
from app.dicom.errors import UnusableInstance
from app.protocol.errors import NotAcceptable
from app.requests.head import is_head
from app.services.content import Chunks
from app.services.errors import LostBytes, ResourceNotFound
from storage.errors import StorageError

FAILURES = (CannotTranscode, NotAcceptable, UnusableInstance, LostBytes, ResourceNotFound, StorageError)
"""What can still go wrong when the head of an answer is out: a frame is damaged, or the storage fails."""

SMALL_PIECE_BYTES = 1 << 16
"""Pieces up to this size are joined before they are sent: one write costs more than a copy."""


class AnswerBrokenOff(Exception):
    """The rest of an answer cannot be given; the message is for the log."""


class ReadyResponse(Response):
    """An answer whose bytes are in memory, in a few pieces: joining long ones would cost more than sending them."""

    def __init__(self, pieces: Sequence[bytes | bytearray], status_code: int, headers: Mapping[str, str]) -> None:
        length = str(sum(map(len, pieces)))
        super().__init__(None, status_code, {**headers, "content-length": length})
        self._pieces = pieces or (b"",)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send head and body."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        *others, last = self._pieces
        for piece in others:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": last, "more_body": False})


class StreamedResponse(Response):
    """An answer whose bytes are produced as they are sent; ``length`` where it is known.

    Everything that can be refused was refused before this is made. What fails from here on breaks the connection: a
    client sees that the answer is not whole (never a clean end after half a study).
    """

    def __init__(self, chunks: Chunks, length: int | None, status_code: int, headers: Mapping[str, str]) -> None:
        super().__init__(None, status_code, headers)
        self._chunks = gathered(chunks)
        del self.headers["content-length"]
        if length is not None:
            self.headers["content-length"] = str(length)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send head and body; stop early when the client has gone, or asked for the head alone.

        Raises AnswerBrokenOff.
        """
        start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        async with _watch_for_disconnect(receive) as gone, aclosing(self._chunks) as chunks:
            # What cannot even begin raises here, and is answered with its own status, also to who asks for the head.
            chunk: bytes | bytearray | None = await anext(chunks, b"")
            await send(start)
            if is_head(scope):
                chunk = None
            while chunk is not None and not gone():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                chunk = await _next(chunks)
            if chunk is None:
                await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _next(chunks: AsyncGenerator[bytes | bytearray]) -> bytes | bytearray | None:
    """The next chunk, None at the end. Raises AnswerBrokenOff."""
    try:
        return await anext(chunks, None)
    except FAILURES as error:
        raise AnswerBrokenOff(str(error)) from error


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


async def gathered(chunks: Chunks) -> AsyncGenerator[bytes | bytearray]:
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
