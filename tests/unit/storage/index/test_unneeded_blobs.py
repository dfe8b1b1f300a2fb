import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from storage.index.adding import add_instances
from storage.index.migrations import upgrade
from storage.index.removing import delete_instances
from storage.index.sqlite_connections import writing_engine
from storage.index.unneeded_blobs import read_unneeded_blobs
from storage.records import DuplicatePolicy
from tests.contract.records import key, record

NOW = 1_800_000_000


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with writing_engine(tmp_path / "index.sqlite").begin() as connection:
        upgrade(connection)
        yield connection


def test_a_blob_is_told_when_it_has_been_unneeded_long_enough_and_the_longest_first(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_instances(connection, [record(1), record(2), record(3)], DuplicatePolicy.REJECT)
    for seconds_ago, study in ((100, 3), (300, 1), (200, 2)):
        monkeypatch.setattr(time, "time", lambda then=NOW - seconds_ago: then)
        delete_instances(connection, key(study))
    monkeypatch.setattr(time, "time", lambda: NOW)
    assert read_unneeded_blobs(connection, 150, 10) == [record(1).blob_key, record(2).blob_key]
    assert read_unneeded_blobs(connection, 0, 10) == [record(n).blob_key for n in (1, 2, 3)]
    assert read_unneeded_blobs(connection, 301, 10) == []
