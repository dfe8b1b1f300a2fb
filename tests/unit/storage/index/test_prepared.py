from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import BindParameter, Connection, bindparam, insert, select, update

from storage.index.chunks import CHUNK_SIZE
from storage.index.migrations import upgrade
from storage.index.prepared import Lookup, Write, insert_row
from storage.index.sqlite_connections import writing_engine
from storage.index.tables import SERIES_VALUE, STUDY

VALUES: BindParameter[list[str]] = bindparam("values", expanding=True)
COLUMNS = SERIES_VALUE.c
HOSTILE = "x'); DROP TABLE series_value; --"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with writing_engine(tmp_path / "index.sqlite").begin() as connection:
        upgrade(connection)
        yield connection


def test_rows_are_written_by_the_names_of_their_parameters_and_found_for_any_number_of_values(
    connection: Connection,
) -> None:
    values = [HOSTILE, "", *map(str, range(CHUNK_SIZE))]
    write = Write(insert(SERIES_VALUE))
    write.run(connection, [{"value": value, "series_row": n, "keyword": "k"} for n, value in enumerate(values)])
    look_up = Lookup(select(COLUMNS.series_row, COLUMNS.value).where(COLUMNS.value.in_(VALUES)))
    for asked in (values[:1], values[:2], values[2:], ["none"], values[1:2]):
        expected = [(n, value) for n, value in enumerate(values) if value in asked]
        assert sorted(look_up.rows(connection, asked)) == expected


def test_an_update_runs_for_each_row(connection: Connection) -> None:
    Write(insert(SERIES_VALUE)).run(connection, [{"series_row": n, "keyword": "k", "value": "v"} for n in range(3)])
    change = update(SERIES_VALUE).where(COLUMNS.series_row == bindparam("row")).values(value=bindparam("new"))
    Write(change).run(connection, [{"row": 1, "new": "one"}, {"new": "two", "row": 2}])
    rows = connection.execute(select(COLUMNS.series_row, COLUMNS.value).order_by(COLUMNS.series_row)).all()
    assert [tuple(row) for row in rows] == [(0, "v"), (1, "one"), (2, "two")]


def test_the_database_numbers_rows_that_are_inserted_with_all_their_other_columns(connection: Connection) -> None:
    columns = {column.name: f"a {column.name}" for column in STUDY.c if column.name != "id"}
    given = [columns | {"study_instance_uid": uid, "attributes": b"{}"} for uid in (HOSTILE, "1.2")]
    Write(insert_row(STUDY)).run(connection, given)
    rows = [dict(row._mapping) for row in connection.execute(select(STUDY).order_by(STUDY.c.id))]
    assert rows == [{"id": number, **row} for number, row in enumerate(given, start=1)]


def test_what_is_written_belongs_to_the_transaction_of_the_connection(tmp_path: Path) -> None:
    engine = writing_engine(tmp_path / "index.sqlite")
    with engine.begin() as connection:
        upgrade(connection)
    with engine.connect() as connection:
        transaction = connection.begin()
        Write(insert(SERIES_VALUE)).run(connection, [{"series_row": 1, "keyword": "k", "value": "v"}])
        transaction.rollback()
        assert connection.execute(select(COLUMNS.value)).all() == []
