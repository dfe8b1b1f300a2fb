"""Where a database's own exceptions become the storage errors that the layers above know."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from storage.errors import IndexDamaged, StorageError, StorageFull, StorageUnavailable

_FAILURES: dict[int, StorageError] = {
    sqlite3.SQLITE_FULL: StorageFull("There is no room left for the index."),
    sqlite3.SQLITE_BUSY: StorageUnavailable("The index is busy."),
    sqlite3.SQLITE_LOCKED: StorageUnavailable("The index is busy."),
    sqlite3.SQLITE_PROTOCOL: StorageUnavailable("The index is busy."),
    sqlite3.SQLITE_CANTOPEN: StorageUnavailable("The index cannot be opened."),
    sqlite3.SQLITE_PERM: StorageUnavailable("The index cannot be opened."),
    sqlite3.SQLITE_READONLY: StorageUnavailable("The index cannot be written."),
    sqlite3.SQLITE_IOERR: StorageUnavailable("The index cannot be read or written."),
    sqlite3.SQLITE_NOMEM: StorageUnavailable("There is no memory left for the index."),
    sqlite3.SQLITE_CORRUPT: IndexDamaged("The index is damaged."),
    sqlite3.SQLITE_NOTADB: IndexDamaged("The index is damaged."),
}
"""By primary result code of SQLite. What is not here is a fault of ours, and stays what it is."""

_PRIMARY_CODE = 0xFF
"""An extended result code holds the primary one in its lowest byte."""


@contextmanager
def translated() -> Iterator[None]:
    """Raise StorageUnavailable or StorageFull where the database fails; let every other exception pass."""
    try:
        yield
    except (sqlite3.Error, DBAPIError) as error:
        failure = _failure(error)
        if failure is None:
            raise
        raise failure from error


def _failure(error: sqlite3.Error | DBAPIError) -> StorageError | None:
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", None)
    known = None if code is None else _FAILURES.get(code & _PRIMARY_CODE)
    return None if known is None else type(known)(*known.args)
