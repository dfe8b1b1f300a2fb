"""Connections shared out evenly: of the processes that listen on a socket, one that has the fewest takes the next.

Left to chance, most of a viewer's six connections may be with one process while the others have nothing to do.
"""

import asyncio
import logging
import multiprocessing
import socket
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from uvicorn import Config, Server

logger = logging.getLogger(__name__)

LOOKS = 5
LOOK_SECONDS = 0.001
"""How often, and how far apart, a process looks whether one that has fewer connections takes the next: that one may
have its hands full, and the client must not wait for it."""

PAUSE_SECONDS = 1.0
"""How long a process that cannot take a connection, for it has too many files open, waits for one to be closed."""

_NOT_SERVING = -1


class ConnectionCounts:
    """How many connections each server process has, in memory that they share."""

    def __init__(self, places: int) -> None:
        """Memory for so many processes; given to them when they are spawned."""
        self._counts: Any = multiprocessing.get_context("spawn").RawArray("i", [_NOT_SERVING] * places)

    def note(self, place: int, count: int) -> None:
        """The process at ``place`` serves, and has so many."""
        self._counts[place] = count

    def forget(self, place: int) -> None:
        """The process at ``place`` takes none any more."""
        self._counts[place] = _NOT_SERVING

    def others_have_fewer(self, place: int) -> bool:
        """Whether a process that serves has fewer than the one at ``place``."""
        own = self._counts[place]
        return any(_NOT_SERVING < count < own for count in self._counts)


class SharingServer(Server):
    """Uvicorn's server, but for who takes a connection."""

    def __init__(self, config: Config, counts: ConnectionCounts, place: int) -> None:
        """Serve as the process at ``place``."""
        super().__init__(config)
        self._counts = counts
        self._place = place
        self._count = 0
        self._serves = False
        self._listeners: list[_Listener] = []
        self.server_state.connections = _Connections(self)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take connections."""
        await super().startup([])  # listens on nothing
        self._serves = True
        self._note()
        self._listeners = [_Listener(each, self) for each in sockets or ()]
        self.servers = cast("list[asyncio.base_events.Server]", self._listeners)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, and end when those that there are have."""
        self._serves = False
        self._note()
        await super().shutdown(sockets)

    @property
    def is_ahead(self) -> bool:
        """Whether another process has fewer connections."""
        return self._counts.others_have_fewer(self._place)

    def take(self, connection: socket.socket) -> asyncio.Task[None]:
        """Serve a connection; the task makes it ready."""
        self._count += 1
        self._note()
        return asyncio.create_task(self._connect(connection))

    def lose(self) -> None:
        """A connection has ended."""
        self._count -= 1
        self._note()
        for each in self._listeners:
            each.look()

    def _note(self) -> None:
        if self._serves:
            self._counts.note(self._place, self._count)
        else:
            self._counts.forget(self._place)

    async def _connect(self, connection: socket.socket) -> None:
        protocol = partial(
            cast("Callable[..., asyncio.Protocol]", self.config.http_protocol_class),
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        try:
            await asyncio.get_running_loop().connect_accepted_socket(protocol, connection, ssl=self.config.ssl)
        except OSError:  # no TLS came about, or the client has gone
            self.lose()


class _Connections(set[Any]):
    """The connections of a server, which is told when one ends."""

    def __init__(self, server: SharingServer) -> None:
        super().__init__()
        self._server = server

    def discard(self, connection: object) -> None:
        if connection in self:
            super().discard(connection)
            self._server.lose()


class _Listener:
    """Takes the connections of a listening socket; closed as an ``asyncio.Server`` is."""

    def __init__(self, listening: socket.socket, server: SharingServer) -> None:
        self._listening = listening
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._connecting: set[asyncio.Task[None]] = set()
        self._next_look: asyncio.TimerHandle | None = None
        self._looks = 0
        listening.setblocking(False)
        listening.listen(server.config.backlog)
        self._loop.add_reader(listening, self._wake)

    def _wake(self) -> None:
        if self._server.is_ahead:
            self._pause(LOOK_SECONDS, LOOKS)
        else:
            self._accept()

    def _pause(self, seconds: float, looks: int) -> None:
        self._loop.remove_reader(self._listening)
        self._looks = looks
        self._next_look = self._loop.call_later(seconds, self.look)

    def look(self) -> None:
        """Whoever calls may have been left to others: take them if no other process has fewer any more, or does."""
        if self._next_look is None:
            return
        self._next_look.cancel()
        self._looks -= 1
        if self._looks and self._server.is_ahead:
            self._next_look = self._loop.call_later(LOOK_SECONDS, self.look)
            return
        self._next_look = None
        self._loop.add_reader(self._listening, self._wake)
        self._accept()

    def _accept(self) -> None:
        try:
            connection, _ = self._listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionError):
            return  # another process was faster, or the client has gone
        except OSError as error:
            logger.error("no connection can be taken: %s", error.strerror)
            self._pause(PAUSE_SECONDS, 1)
            return
        connection.setblocking(False)
        task = self._server.take(connection)
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    def close(self) -> None:
        """Take no more."""
        if self._next_look is not None:
            self._next_look.cancel()
            self._next_look = None
        self._loop.remove_reader(self._listening)

    async def wait_closed(self) -> None:
        """Nothing goes on when it is closed."""
