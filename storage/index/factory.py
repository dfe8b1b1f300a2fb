"""From a URL in the settings to an index: the one place that knows all back ends.

What PostgreSQL needs is imported only for its URLs.
"""

from dataclasses import dataclass
from pathlib import Path

from storage.index import sqlite_migrations
from storage.index.migrations import latest
from storage.index.protocol import Index
from storage.index.sqlite import SqliteIndex

CONNECTIONS = 10
"""Connections that a process has to a database server at once, at the most, unless another number is given."""

_SQLITE = "sqlite:///"
_POSTGRESQL = "postgresql://", "postgres://"


@dataclass(frozen=True, slots=True)
class TablesState:
    """The last migration that the tables of a database have come to, and the last that there is."""

    current: str | None
    latest: str | None


async def open_index(url: str, connections: int = CONNECTIONS) -> Index:
    """Open the index that the URL names, whose tables are made or brought up to date if need be.

    It is ``sqlite:///relative/path``, ``sqlite:////absolute/path``, or ``postgresql://user@host:port/database``, to
    which there are no more ``connections`` at once than given. Raises ValueError for any other URL; StorageUnavailable,
    StorageFull.
    """
    if url.startswith(_POSTGRESQL):
        from storage.index.postgresql import PostgresqlIndex

        return await PostgresqlIndex.open(url, connections)
    return await SqliteIndex.open(_path(url))


def upgrade_tables(url: str) -> None:
    """Bring the tables of a database up to date, or make them; not to be called where an event loop runs.

    Raises ValueError for a URL that is none of an index; StorageUnavailable, StorageFull.
    """
    if url.startswith(_POSTGRESQL):
        from storage.index.postgresql_migrations import upgrade_database

        upgrade_database(url)
    else:
        sqlite_migrations.upgrade_file(_path(url))


def tables_state(url: str) -> TablesState:
    """How far the tables of a database are; raises the same."""
    if url.startswith(_POSTGRESQL):
        from storage.index.postgresql_migrations import current_of_database

        return TablesState(current_of_database(url), latest())
    return TablesState(sqlite_migrations.current_of_file(_path(url)), latest())


def _path(url: str) -> Path:
    path = url.removeprefix(_SQLITE)
    if path in {url, ""}:
        raise ValueError(
            "the URL of an index is sqlite:/// followed by the path of its file, or postgresql://user@host/database"
        )
    return Path(path)
