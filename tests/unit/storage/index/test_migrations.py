from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from storage.index.adding import add_instances
from storage.index.migrations import upgrade
from storage.index.sqlite_connections import writing_engine
from storage.index.tables import IndexTable
from storage.records import DuplicatePolicy
from tests.contract.records import record
from tests.unit.storage.index.first_step import undo_later_steps


@pytest.fixture
def migrated(tmp_path: Path) -> Iterator[Connection]:
    with writing_engine(tmp_path / "index.sqlite").begin() as connection:
        upgrade(connection)
        yield connection


def test_migrations_lead_to_the_tables_of_the_code(migrated: Connection) -> None:
    assert compare_metadata(MigrationContext.configure(migrated), IndexTable.metadata) == []


def test_migrating_again_changes_nothing(migrated: Connection) -> None:
    migrated.execute(text("INSERT INTO series_value VALUES (1, 'keyword', 'value')"))
    upgrade(migrated)
    assert migrated.scalar(text("SELECT count(*) FROM series_value")) == 1


def test_an_archive_of_before_gets_the_values_of_its_studies(migrated: Connection) -> None:
    names = {"PatientName": ("smith^john", "山田"), "ReferringPhysicianName": ("smith", "", "や")}
    values = [names | {"Modality": "CT", "StudyDate": "20200101"}, {"Modality": "MR"}, {"PatientName": ("smith",)}]
    records = [record(study, series, n, values=values[study]) for study in range(3) for series in "12" for n in "12"]
    add_instances(migrated, records, DuplicatePolicy.REJECT)
    every = text("SELECT * FROM study_value ORDER BY keyword, value, study_row")
    before = migrated.execute(every).all()
    undo_later_steps(migrated)
    upgrade(migrated)
    assert migrated.execute(every).all() == before
    assert len(before) > 25


def test_row_numbers_of_instances_are_never_given_out_twice(migrated: Connection) -> None:
    made = migrated.scalar(text("SELECT sql FROM sqlite_master WHERE name = 'instance'"))
    assert "AUTOINCREMENT" in str(made)


def test_a_failed_migration_leaves_nothing_behind(tmp_path: Path) -> None:
    engine = writing_engine(tmp_path / "index.sqlite")

    def migrate_and_fail() -> None:
        with engine.begin() as connection:
            upgrade(connection)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        migrate_and_fail()
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM sqlite_master")) == 0
        upgrade(connection)
