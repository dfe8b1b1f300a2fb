"""Answers in as few pieces as they can be sent in.

The HTTP server writes the head of an answer and its body apart. To send a piece costs a good part of what it costs to
make a small answer, and wakes the client, who can do nothing with the head alone.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

JOINED_BYTES = 1 << 16
"""Bytes that wait for more, until the event loop comes round; when there are as many, all are written at once."""


class JoinedWrites:
    """A transport whose writes are joined; in all other respects that which it was made of."""

    def __init__(self, transport: asyncio.Transport) -> None:
        """Write to a transport."""
        self._transport = transport
        self._call_soon = asyncio.get_running_loop().call_soon
        self._waiting: list[bytes] = []
        self._bytes = 0

    def write(self, data: bytes) -> None:
        """Write in a moment, together with what is written until then."""
        if not self._waiting:
            self._call_soon(self.flush)
        self._waiting.append(data)
        self._bytes += len(data)
        if self._bytes >= JOINED_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what waits, unless nobody is there any more."""
        if self._waiting and not self._transport.is_closing():
            self._transport.writelines(self._waiting)
        self._waiting = []
        self._bytes = 0

    def close(self) -> None:
        """Close when everything is written."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Connection(HttpToolsProtocol):
    """Uvicorn's, with joined writes."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come."""
        self._writes = JoinedWrites(transport)
        super().connection_made(self._writes)  # type: ignore[arg-type]

    def eof_received(self) -> None:
        """The client sends nothing more: the connection is closed behind what it has been answered."""
        self._writes.flush()
        super().eof_received()
