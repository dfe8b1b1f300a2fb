"""The archive that capacity is measured with is one as storing its instances makes it."""

import json

import pytest
from sqlalchemy import text

from benchmarks import capacity
from benchmarks.synthetic_archive import INSTANCES_OF_SERIES, archive, fill
from storage.index.postgresql import PostgresqlIndex
from storage.index.postgresql_connections import Transactions, open_engine
from storage.resource import ResourceKey
from tests.postgresql_server import PostgresqlServer

INSTANCES = 10_000
LOST = text("""
SELECT (SELECT count(*) FROM instance LEFT JOIN series ON series.id = series_row
        WHERE series.study_row IS DISTINCT FROM instance.study_row)
     + (SELECT count(*) FROM series LEFT JOIN study ON study.id = study_row WHERE study.id IS NULL)
     + (SELECT count(*) FROM instance_metadata LEFT JOIN instance ON id = instance_row WHERE id IS NULL)
     + (SELECT count(*) FROM instance_ranges LEFT JOIN instance ON id = instance_row WHERE id IS NULL)
""")
"""Rows of nothing: loading does not ask for foreign keys."""


@pytest.fixture
def url(postgresql: PostgresqlServer) -> str:
    """A database that no other test is given: what PostgreSQL has learned of its rows would change their plans."""
    return postgresql.new_database()


async def test_the_index_reads_what_was_loaded_past_it(url: str) -> None:
    await fill(url, INSTANCES, 1)
    index = await PostgresqlIndex.open(url, 1)
    study = archive(INSTANCES)[7]
    documents = [each async for batch in index.metadata(ResourceKey(study.uid)) for each in batch]
    await index.close()
    engine = open_engine(url, 1)
    lost = await Transactions(engine).read(lambda connection: connection.scalar(LOST))
    await engine.dispose()
    assert lost == 0
    assert len(documents) == sum(INSTANCES_OF_SERIES[modality] for modality in study.modalities)
    assert all(json.loads(document) for document in documents)


async def test_every_kind_of_request_is_measured(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "QUESTIONS", 2)
    await fill(url, INSTANCES, 1)
    _, _, *lines = await capacity.compare([(url, INSTANCES)], 1, of_cpu=False)
    found = {columns[1].strip(): int(columns[2]) for columns in (line.split("|") for line in lines)}
    assert found["instance by UIDs"] == found["add one instance"] == found["delete one instance"] == 1
    assert found["metadata of a series of 120"] == INSTANCES_OF_SERIES["CT"]
