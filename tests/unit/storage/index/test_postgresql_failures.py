import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from storage.errors import StorageError, StorageFull, StorageUnavailable
from storage.index.postgresql_failures import is_disconnect, is_rivalry, translated


def raise_translated(error: Exception) -> None:
    with translated():
        raise error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (asyncpg.DiskFullError("no room"), StorageFull),
        (asyncpg.TooManyConnectionsError("too many"), StorageUnavailable),
        (asyncpg.AdminShutdownError("ends"), StorageUnavailable),
        (asyncpg.CannotConnectNowError("starts"), StorageUnavailable),
        (asyncpg.InvalidPasswordError("who"), StorageUnavailable),
        (asyncpg.InvalidCatalogNameError("where"), StorageUnavailable),
        (asyncpg.ReadOnlySQLTransactionError("a replica"), StorageUnavailable),
        (asyncpg.LockNotAvailableError("waited"), StorageUnavailable),
        (asyncpg.DeadlockDetectedError("again and again"), StorageUnavailable),
        (asyncpg.ConnectionDoesNotExistError("gone"), StorageUnavailable),
        (asyncpg.InterfaceError("connection is closed"), StorageUnavailable),
        (DBAPIError("SELECT", {}, asyncpg.DiskFullError("no room")), StorageFull),
        (ConnectionRefusedError(), StorageUnavailable),
        (TimeoutError(), StorageUnavailable),
        (NoFreeConnection(), StorageUnavailable),
    ],
)
def test_what_passes_with_time_is_a_storage_error(error: Exception, expected: type[StorageError]) -> None:
    with pytest.raises(expected) as raised:
        raise_translated(error)
    assert raised.value.__cause__ is error


@pytest.mark.parametrize(
    "error", [asyncpg.UndefinedColumnError("x"), asyncpg.DataError("x"), asyncpg.PostgresSyntaxError("x"), ValueError()]
)
def test_a_fault_of_ours_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        raise_translated(error)
    assert raised.value is error
    assert not is_disconnect(error)
    assert not is_rivalry(error)


def test_what_others_got_in_the_way_of_is_told_from_what_lost_its_connection() -> None:
    rivalry, loss = asyncpg.UniqueViolationError("x"), asyncpg.AdminShutdownError("x")
    assert (is_rivalry(rivalry), is_disconnect(rivalry)) == (True, False)
    assert (is_rivalry(loss), is_disconnect(loss)) == (False, True)
