"""Where what PostgreSQL and its driver raise becomes the storage errors that the layers above know."""

from collections.abc import Iterator
from contextlib import contextmanager

from asyncpg import InterfaceError, InternalClientError, PostgresError  # type: ignore[import-untyped]
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from storage.errors import IndexDamaged, StorageError, StorageFull, StorageUnavailable

_AWAY = "The index does not answer."
_BUSY = "The index is busy."
_CLOSED = "The index cannot be opened."

_FAILURES: dict[str, StorageError] = {
    "08": StorageUnavailable(_AWAY),
    "25006": StorageUnavailable("The index cannot be written."),
    "28": StorageUnavailable(_CLOSED),
    "3D": StorageUnavailable(_CLOSED),
    "40": StorageUnavailable(_BUSY),
    "42501": StorageUnavailable(_CLOSED),
    "53": StorageUnavailable(_BUSY),
    "53100": StorageFull("There is no room left for the index."),
    "55": StorageUnavailable(_BUSY),
    "57": StorageUnavailable(_AWAY),
    "58": StorageUnavailable("The index cannot be read or written."),
    "XX": IndexDamaged("The index is damaged."),
}
"""By SQLSTATE, or by its class, the first two characters of it. What is not here is a fault of ours, and stays so."""

_RIVALRY = frozenset({"40001", "40P01", "23505", "23503"})
"""A transaction got into the way of another one: serialization, deadlock, a row that the other has added or removed."""

DriverError = AsyncAdapt_asyncpg_dbapi.Error
"""What SQLAlchemy makes of an exception of asyncpg; the statements that go past SQLAlchemy raise it as it is."""

_BROKEN = OSError, InternalClientError
"""A connection that the network, or the driver, has lost; the latter also when the server is about to close it."""

DATABASE_ERRORS = (DBAPIError, DriverError, PostgresError, InterfaceError, NoFreeConnection, *_BROKEN)
"""What is raised where a database fails or cannot be reached."""


@contextmanager
def translated() -> Iterator[None]:
    """Raise StorageUnavailable or StorageFull where the database fails; let every other exception pass."""
    try:
        yield
    except DATABASE_ERRORS as error:
        failure = _failure(error)
        if failure is None:
            raise
        raise failure from error


def is_rivalry(error: BaseException) -> bool:
    """Whether the same transaction may well succeed when it begins again."""
    return _state(_cause(error)) in _RIVALRY


def is_disconnect(error: BaseException) -> bool:
    """Whether the connection broke or is ended by the server, so that another one may be had at once."""
    cause = _cause(error)
    if isinstance(cause, InterfaceError):
        return not isinstance(cause, ValueError)  # that is a parameter which cannot be sent
    if isinstance(cause, TimeoutError):
        return False  # to wait as long again, and again, would help nobody
    return isinstance(cause, _BROKEN) or _state(cause)[:2] in {"08", "57"}


def leaves_in_doubt(error: BaseException) -> bool:
    """Whether the server may go on with what it was told to do, or has done it, without our hearing of it."""
    return is_disconnect(error) or isinstance(_cause(error), TimeoutError)


def _failure(error: BaseException) -> StorageError | None:
    state = _state(_cause(error))
    known = _FAILURES.get(state) or _FAILURES.get(state[:2])
    if known is None and leaves_in_doubt(error):
        known = StorageUnavailable(_AWAY)
    if isinstance(error, NoFreeConnection):
        known = StorageUnavailable(_BUSY)
    return None if known is None else type(known)(*known.args)


def _cause(error: BaseException) -> BaseException:
    """The exception of asyncpg or the operating system, within what SQLAlchemy made of it."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return _cause(error.orig)
    if isinstance(error, DriverError) and error.__cause__ is not None:
        return error.__cause__
    return error


def _state(cause: BaseException) -> str:
    """The SQLSTATE; empty when the server has not said one."""
    return str(getattr(cause, "sqlstate", None) or "")
