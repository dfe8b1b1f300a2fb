"""A small TCP proxy: each connection goes to the next of several servers, or to nobody while the line is cut."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from threading import Thread

READ_BYTES = 1 << 16


class TcpBalancer:
    """Listens on ``port`` of the loopback address, and passes connections on to ``targets``, ports or sockets."""

    def __init__(self, targets: Sequence[int | Path]) -> None:
        self._targets = targets
        self._turns = count()
        self._is_cut = False
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.StreamWriter] = set()
        self._thread = Thread(target=self._loop.run_forever)
        self._thread.start()
        starting = asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(starting, self._loop).result()
        self.port: int = self._server.sockets[0].getsockname()[1]

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Break every connection, and new ones at once, for the block."""
        self._is_cut = True
        self._loop.call_soon_threadsafe(self._break)
        try:
            yield
        finally:
            self._is_cut = False

    def close(self) -> None:
        """End."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _break(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    async def _end(self) -> None:
        self._server.close()
        self._break()
        connections = asyncio.all_tasks() - {asyncio.current_task()}
        if connections:
            await asyncio.wait(connections)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            if not self._is_cut and (server := await self._connected()) is not None:
                self._open.add(server[1])
                await asyncio.gather(_pump(reader, server[1]), _pump(server[0], writer))
                self._open.discard(server[1])
        finally:
            self._open.discard(writer)
            writer.close()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """A connection to the server whose turn it is, or to the next one that listens."""
        for _ in self._targets:
            target = self._targets[next(self._turns) % len(self._targets)]
            with suppress(OSError):
                if isinstance(target, Path):
                    return await asyncio.open_unix_connection(target)
                return await asyncio.open_connection("127.0.0.1", target)
        return None


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(READ_BYTES):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextmanager
def balancer(*targets: int | Path) -> Iterator[TcpBalancer]:
    """A balancer that ends with the block."""
    started = TcpBalancer(targets)
    try:
        yield started
    finally:
        started.close()
