"""Connections to a PostgreSQL database: how they are set up, pooled, and had again when the server was away.

Operations on the index are synchronous functions over a SQLAlchemy connection. They run on the event loop, each in a
greenlet that gives way while the database works (``AsyncConnection.run_sync``), and in a transaction of its own.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import Connection, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from storage.errors import OutcomeUnknown, StorageUnavailable
from storage.index.postgresql_failures import (
    DATABASE_ERRORS,
    is_disconnect,
    is_rivalry,
    leaves_in_doubt,
    translated,
)

TRIES = 5
"""How often a transaction begins that others get into the way of, or whose connection breaks."""

CONNECT_SECONDS = 5.0
"""Seconds to wait for a connection to be made."""

WAIT_SECONDS = 10.0
"""Seconds to wait until a connection of the pool is free."""

STATEMENT_SECONDS = 120.0
"""Seconds that a statement may take, to delete a study of a million instances say, before it is given up."""

_SERVER_SETTINGS = {
    "application_name": "fovea",
    "jit": "off",  # statements take milliseconds, and to compile one takes hundreds
    # A search is a walk along an index with look-ups on the way (``beginnings``); to read a table as a whole instead
    # looks cheap to a database that knows its rows badly, and is what makes a search slow in a large archive.
    "enable_seqscan": "off",
    "enable_hashagg": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "max_parallel_workers_per_gather": "0",
    "lock_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",  # of a server that froze: its locks would hold up the others
}

_Result = TypeVar("_Result")


def open_engine(url: str, connections: int) -> AsyncEngine:
    """An engine with a pool of at most so many connections; nothing is connected yet.

    The URL is asyncpg's: what it lacks is taken from the environment (PGPASSWORD, PGPASSFILE, PGSSLMODE and others).
    """
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=_creator(url),
        pool_size=connections,
        max_overflow=0,
        pool_timeout=WAIT_SECONDS,
        pool_use_lifo=True,
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def open_passing_engine(url: str) -> AsyncEngine:
    """An engine that keeps no connection, for use on an event loop that ends."""
    return create_async_engine("postgresql+asyncpg://", async_creator=_creator(url), poolclass=NullPool)


class Transactions:
    """Runs operations on connections of a pool. They may run more than once: only what they return counts."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._writing = engine
        self._reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    async def read(self, operation: Callable[[Connection], _Result]) -> _Result:
        """The result of an operation whose statements all see one state. Raises what it raises, StorageUnavailable."""
        return await again_when_interrupted(lambda: run(self._reading, operation))

    async def write(self, operation: Callable[[Connection], _Result]) -> _Result:
        """The result of an operation, once it is committed. Raises what it raises, StorageUnavailable, StorageFull.

        When the connection breaks while it commits, it runs again and must find what it has done already. When that
        fails, perhaps because the first one still holds its locks, nobody knows what becomes of it: OutcomeUnknown.
        """
        is_in_doubt = False

        async def attempt() -> _Result:
            nonlocal is_in_doubt
            try:
                return await run(self._writing, operation)
            except DATABASE_ERRORS as error:
                is_in_doubt = is_in_doubt or leaves_in_doubt(error)
                raise

        try:
            return await again_when_interrupted(attempt)
        except StorageUnavailable as error:
            if is_in_doubt:
                raise OutcomeUnknown(*error.args) from error.__cause__
            raise


async def again_when_interrupted(attempt: Callable[[], Awaitable[_Result]]) -> _Result:
    """What an attempt gives, made anew when the connection broke or other transactions got into its way.

    Raises what the last one raises, StorageUnavailable and StorageFull.
    """
    with translated():
        for _ in range(TRIES - 1):
            try:
                return await attempt()
            except DATABASE_ERRORS as error:
                if not (is_rivalry(error) or is_disconnect(error)):
                    raise
        return await attempt()


async def run(engine: AsyncEngine, operation: Callable[[Connection], _Result]) -> _Result:
    """The result of an operation in a transaction, once that is committed. Raises what it raises, DATABASE_ERRORS."""
    async with engine.begin() as connection:
        return await connection.run_sync(operation)


def _creator(url: str) -> Callable[..., Awaitable[asyncpg.Connection]]:
    async def connect(**_: object) -> asyncpg.Connection:
        return await asyncpg.connect(
            url, timeout=CONNECT_SECONDS, command_timeout=STATEMENT_SECONDS, server_settings=_SERVER_SETTINGS
        )

    return connect


def _refuse_closed(driver_connection: Any, *_: object) -> None:
    """Have the pool replace a connection that the server has closed, which the driver knows without asking."""
    if driver_connection.driver_connection.is_closed():
        raise DisconnectionError
