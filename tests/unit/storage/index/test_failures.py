import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from storage.errors import StorageError, StorageUnavailable
from storage.index.failures import translated
from storage.index.sqlite import SqliteIndex
from storage.index.sqlite_connections import connect, enter_wal_mode, writing_engine


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "index.sqlite"
    enter_wal_mode(path)
    return path


def test_a_database_held_by_another_process_is_busy(path: Path) -> None:
    holder, waiter = connect(path), connect(path, busy_timeout=0)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable, match="busy"), translated():
        waiter.execute("BEGIN IMMEDIATE")
    holder.close()
    waiter.close()


async def test_a_file_that_is_no_database_is_refused_without_its_name(tmp_path: Path) -> None:
    path = tmp_path / "secret-name.sqlite"
    path.write_bytes(b"this is no database at all, but a text of some length" * 100)
    with pytest.raises(StorageUnavailable, match="damaged") as failure:
        await SqliteIndex.open(path)
    assert "secret-name" not in str(failure.value)


async def test_a_file_that_cannot_be_opened_is_refused_without_its_name(tmp_path: Path) -> None:
    (tmp_path / "secret-name").mkdir()
    with pytest.raises(StorageUnavailable, match="opened") as failure:
        await SqliteIndex.open(tmp_path / "secret-name")
    assert "secret-name" not in str(failure.value)


async def test_a_folder_that_cannot_be_made_is_refused_without_its_name(tmp_path: Path) -> None:
    (tmp_path / "secret-name").touch()
    with pytest.raises(StorageUnavailable, match="folder") as failure:
        await SqliteIndex.open(tmp_path / "secret-name" / "index.sqlite")
    assert "secret-name" not in str(failure.value)


def test_a_fault_of_ours_stays_what_it_is(path: Path) -> None:
    connection = connect(path)
    with pytest.raises(sqlite3.OperationalError, match="no such table"), translated():
        connection.execute("SELECT * FROM absent")
    connection.close()


def test_failures_are_told_through_sqlalchemy_as_well(path: Path) -> None:
    connection = connect(path)
    connection.execute("CREATE TABLE numbers (number)")
    connection.close()
    with writing_engine(path).connect() as reader:
        reader.exec_driver_sql("PRAGMA query_only = ON")
        with pytest.raises(StorageError, match="cannot be written"), translated():
            reader.execute(text("INSERT INTO numbers VALUES (1)"))
