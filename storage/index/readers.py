"""A few threads that read, each operation in one hop and in one read transaction."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from storage.index.failures import translated
from storage.index.sqlite_connections import reading_engine

READERS = 4
"""Threads, each with a connection. SQLite computes without holding Python's lock, so that searches run side by side."""

_Result = TypeVar("_Result")


class Readers:
    """Runs operations that only read."""

    def __init__(self, path: Path) -> None:
        self._engine = reading_engine(path, READERS)
        self._threads = ThreadPoolExecutor(READERS, "index reader")

    async def run(self, operation: Callable[[Connection], _Result]) -> _Result:
        """The operation's result. Raises what it raises, and StorageUnavailable."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, operation)

    async def close(self) -> None:
        """Finish what was begun, then release the connections."""
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()

    def _run(self, operation: Callable[[Connection], _Result]) -> _Result:
        with translated(), self._engine.connect() as connection:
            return operation(connection)
