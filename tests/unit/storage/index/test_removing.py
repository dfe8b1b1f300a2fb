"""Nothing is left behind: the rows of all tables, as SQLite itself checks and counts them."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Connection, func, select, text

from storage.index.adding import add_instances
from storage.index.migrations import upgrade
from storage.index.removing import delete_instances
from storage.index.sqlite_connections import writing_engine
from storage.index.tables import INSTANCE, INSTANCE_METADATA, INSTANCE_RANGES, SERIES, STUDY, IndexTable
from storage.index.unneeded_blobs import forget_blobs
from storage.records import DuplicatePolicy, InstanceRecord
from storage.resource import ResourceKey
from tests.contract.records import key, record

LISTED = "RequestAttributesSequence.RequestedProcedureID"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with writing_engine(tmp_path / "index.sqlite").begin() as connection:
        upgrade(connection)
        yield connection


def assert_whole(connection: Connection) -> None:
    """No row refers to one that is gone, no instance lacks its documents, no study or series is empty or miscounted."""
    assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    instances = connection.scalar(select(func.count()).select_from(INSTANCE))
    for table in (INSTANCE_METADATA, INSTANCE_RANGES):
        assert connection.scalar(select(func.count()).select_from(table)) == instances
    counted = select(INSTANCE.c.study_row, INSTANCE.c.series_row, func.count()).group_by(INSTANCE.c.series_row)
    told = select(SERIES.c.study_row, SERIES.c.id, SERIES.c.number_of_instances)
    assert set(connection.execute(told)) == set(connection.execute(counted))
    assert set(connection.scalars(select(STUDY.c.id))) == set(connection.scalars(select(SERIES.c.study_row)))


def random_record(random: Random) -> InstanceRecord:
    study, series, instance = (random.randint(1, most) for most in (3, 3, 30))
    resource = ResourceKey(f"1.2.{study}", f"1.2.{study}.{series}", f"1.4.{instance}")
    return record(resource=resource, content=str(random.random()), values={LISTED: ("P1", "P2")})


@pytest.mark.parametrize("seed", range(3))
def test_no_row_is_left_without_the_rows_that_it_belongs_to(connection: Connection, seed: int) -> None:
    random = Random(seed)
    for _ in range(50):
        add_instances(connection, [random_record(random) for _ in range(10)], DuplicatePolicy.REPLACE)
        assert_whole(connection)
        some = random_record(random).key
        delete_instances(
            connection, random.choice((some, ResourceKey(some.study_instance_uid, some.series_instance_uid)))
        )
        assert_whole(connection)


def test_all_tables_are_empty_when_all_studies_are_deleted_and_their_blobs_forgotten(connection: Connection) -> None:
    records = [record(study, n % 2, n, values={LISTED: ("P1", "P2")}) for study in (1, 2) for n in range(4)]
    add_instances(connection, records, DuplicatePolicy.REJECT)
    for study in (1, 2):
        delete_instances(connection, key(study))
    forget_blobs(connection, [each.blob_key for each in records])
    for table in IndexTable.metadata.sorted_tables:
        assert connection.scalar(select(func.count()).select_from(table)) == 0, table.name
