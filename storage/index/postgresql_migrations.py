"""Migrating a PostgreSQL database, by whichever of several servers comes first."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, func, select

from storage.index.migrations import current, latest, upgrade
from storage.index.postgresql_connections import again_when_interrupted, open_passing_engine, run

_LOCK = 0xF07EA
"""Names the advisory lock that is held while tables are made or changed."""

_Result = TypeVar("_Result")


def upgrade_database(url: str) -> bool:
    """Bring the tables up to date; whether they were made. Not to be called where an event loop runs.

    Raises StorageUnavailable.
    """
    return _run(url, _upgrade)


def current_of_database(url: str) -> str | None:
    """The last step that the tables have come to. Raises StorageUnavailable."""
    return _run(url, current)


def _run(url: str, operation: Callable[[Connection], _Result]) -> _Result:
    engine = open_passing_engine(url)
    return asyncio.run(again_when_interrupted(lambda: run(engine, operation)))


def _upgrade(connection: Connection) -> bool:
    if current(connection) == latest():
        return False  # without a lock, and without the right to change tables
    connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    return upgrade(connection)
