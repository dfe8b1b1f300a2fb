"""Of the servers that share a PostgreSQL database, one process sweeps at a time.

It spares work, no more: two that sweep at once do no harm, as may be when the connection that holds the turn breaks.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine

from storage.index.postgresql_failures import translated

_LOCK = 0xF07EB
"""Names the advisory lock."""


@asynccontextmanager
async def sweeping_turn(engine: AsyncEngine) -> AsyncIterator[bool]:
    """Whether it is this process's turn; then it is nobody else's until the block ends. Raises StorageUnavailable.

    The lock is that of a connection without a transaction, which may last: nothing in the database waits for it.
    """
    with translated():
        pooled = await engine.raw_connection()
    connection = pooled.driver_connection
    try:
        with translated():
            is_ours = bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK))  # type: ignore[union-attr]
        yield is_ours
        if is_ours:
            with translated():
                await connection.fetchval("SELECT pg_advisory_unlock($1)", _LOCK)  # type: ignore[union-attr]
    except BaseException:
        pooled.invalidate()  # ends the connection, and the lock with it
        raise
    finally:
        pooled.close()
