import asyncio
from collections.abc import Callable
from typing import TypeVar

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from storage.index.adding import add_instances
from storage.index.migrations import latest
from storage.index.postgresql import PostgresqlIndex
from storage.index.postgresql_connections import open_passing_engine, run
from storage.index.postgresql_migrations import current_of_database, upgrade_database
from storage.index.tables import IndexTable
from storage.records import DuplicatePolicy
from tests.contract.records import record
from tests.postgresql_server import PostgresqlServer
from tests.unit.storage.index.first_step import undo_later_steps

_Result = TypeVar("_Result")


def in_database(url: str, operation: Callable[[Connection], _Result]) -> _Result:
    return asyncio.run(run(open_passing_engine(url), operation))


def test_migrations_lead_to_the_tables_of_the_code(postgresql_url: str) -> None:
    def compare(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection), IndexTable.metadata)

    assert in_database(postgresql_url, compare) == []


def test_every_text_compares_by_code_point(postgresql_url: str) -> None:
    columns = text(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND data_type LIKE 'character%' AND collation_name IS DISTINCT FROM 'C' AND table_name <> 'alembic_version'"
    )
    assert in_database(postgresql_url, lambda connection: connection.execute(columns).all()) == []


def test_an_archive_of_before_gets_the_values_of_its_studies(postgresql: PostgresqlServer) -> None:
    url = postgresql.new_database()
    names = {"PatientName": ("smith^john", "山田"), "ReferringPhysicianName": ("smith", "", "や")}
    values = [names | {"Modality": "CT", "StudyDate": "20200101"}, {"Modality": "MR"}, {"PatientName": ("smith",)}]
    records = [record(study, series, n, values=values[study]) for study in range(3) for series in "12" for n in "12"]
    in_database(url, lambda connection: add_instances(connection, records, DuplicatePolicy.REJECT))
    every = text("SELECT * FROM study_value ORDER BY keyword, value, study_row")
    before = in_database(url, lambda connection: connection.execute(every).all())
    in_database(url, undo_later_steps)
    assert current_of_database(url) == "0001"
    upgrade_database(url)
    assert in_database(url, lambda connection: connection.execute(every).all()) == before
    assert len(before) > 25


async def test_of_servers_that_open_an_empty_database_at_once_one_makes_the_tables(
    postgresql: PostgresqlServer,
) -> None:
    url = await asyncio.to_thread(postgresql.new_database, "template0")
    assert await asyncio.to_thread(current_of_database, url) is None
    indexes = await asyncio.gather(*(PostgresqlIndex.open(url, connections=3) for _ in range(3)))
    await asyncio.gather(*(index.close() for index in indexes))
    assert await asyncio.to_thread(current_of_database, url) == latest()
