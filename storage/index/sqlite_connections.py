"""Connections to a SQLite file: how they are set up, and who begins a transaction.

Python's sqlite3 by itself begins a transaction before some statements and not before others. Here it never does: its
connections are in autocommit mode (``isolation_level=None``), in which a single statement is its own transaction.
SQLAlchemy takes a transaction to begin at a connection's first statement; its ``begin`` event is where we emit BEGIN,
and its commit and rollback then end what was begun. Readers BEGIN, and see one state of the database until they end;
writers BEGIN IMMEDIATE, and wait there, not halfway, for other processes that write.
"""

import sqlite3
import time
from contextlib import closing
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine, NullPool, QueuePool, create_engine, event

BUSY_TIMEOUT = 30.0
"""Seconds that a statement waits for another process's write to end."""

_PAUSE = 0.01
"""Seconds between two tries of what SQLite does not wait for."""

CACHE_KIBIBYTES = 8 * 1024
"""Pages of the database that one connection keeps in memory."""


def connect(path: Path, busy_timeout: float = BUSY_TIMEOUT) -> sqlite3.Connection:
    """A connection in autocommit mode, for use by one thread at a time. The file must be in WAL mode already."""
    connection = sqlite3.connect(path, timeout=busy_timeout, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous = FULL")  # a commit returns when it is on the disk
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
    # Some builds write zeros over all that is deleted, so that a large study takes seconds to go, and hundreds of
    # megabytes of log. FAST does so only in pages that are written anyway; deleted files leave their bytes as well.
    connection.execute("PRAGMA secure_delete = FAST")
    return connection


def enter_wal_mode(path: Path) -> None:
    """Make the file if it is missing, and let it be read while it is written, for good.

    Of processes that do so at once, SQLite tells all but one that the file is busy, without waiting; they ask again.
    """
    give_up = time.monotonic() + BUSY_TIMEOUT
    with closing(connect(path)) as connection:
        while not _is_in_wal_mode(connection, is_last_try=time.monotonic() > give_up):
            time.sleep(_PAUSE)


def _is_in_wal_mode(connection: sqlite3.Connection, *, is_last_try: bool) -> bool:
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if is_last_try or error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def reading_engine(path: Path, connections: int) -> Engine:
    """An engine whose transactions read one state of the database and never wait for writers."""
    engine = create_engine(
        "sqlite://", creator=partial(connect, path), poolclass=QueuePool, pool_size=connections, max_overflow=0
    )
    return _beginning_with(engine, "BEGIN")


def writing_engine(path: Path) -> Engine:
    """An engine whose transactions begin by locking out other writers."""
    engine = create_engine("sqlite://", creator=partial(connect, path), poolclass=NullPool)
    return _beginning_with(engine, "BEGIN IMMEDIATE")


def is_in_transaction(connection: Connection) -> bool:
    """Whether a transaction is open; after some failures SQLite has ended it on its own account."""
    driver_connection = connection.connection.driver_connection
    return isinstance(driver_connection, sqlite3.Connection) and driver_connection.in_transaction


def _beginning_with(engine: Engine, statement: str) -> Engine:
    # Past SQLAlchemy, to which this statement takes longer than to SQLite.
    event.listen(engine, "begin", lambda connection: connection.connection.cursor().execute(statement))
    return engine
