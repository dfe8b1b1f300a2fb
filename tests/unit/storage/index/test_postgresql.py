"""What the index does in PostgreSQL beyond the contract: several servers, and a database that goes away."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from storage.errors import StorageUnavailable
from storage.index.postgresql import PostgresqlIndex
from storage.query import Equals, Term
from storage.records import DuplicatePolicy, InstanceRecord, Outcome
from storage.resource import Level
from tests.contract.asking import counts, metadata, outcomes, query
from tests.contract.records import key, record
from tests.postgresql_server import PostgresqlServer, postgresql_server

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.fixture
async def indexes(postgresql_url: str) -> AsyncIterator[list[PostgresqlIndex]]:
    """Two servers on one database."""
    opened = [await PostgresqlIndex.open(postgresql_url, connections=4) for _ in range(2)]
    yield opened
    for index in opened:
        await index.close()


@pytest.fixture
def own_server() -> Iterator[PostgresqlServer]:
    """A server that nobody else uses."""
    with postgresql_server(Path(tempfile.mkdtemp(prefix="fovea-"))) as server:
        yield server


async def test_servers_that_store_the_same_at_once_store_each_instance_once(indexes: list[PostgresqlIndex]) -> None:
    random = Random(1)
    records = [record(study, series, n) for study in (1, 2, 3) for series in (1, 2) for n in range(8)]
    offers = [random.sample(records, 16) for _ in range(30)]
    told = await asyncio.gather(*(outcomes(indexes[n % 2], offer) for n, offer in enumerate(offers)))
    given = {each.key for offer in offers for each in offer}
    assert sum(each.count(Outcome.ADDED) for each in told) == len(given)
    assert sum(each.count(Outcome.IDENTICAL) for each in told) == 30 * 16 - len(given)
    of_studies, of_series = await counts(indexes[0])
    assert (sum(of_studies.values()), sum(of_series)) == (len(given), len(given))


async def test_an_instance_that_two_servers_put_into_different_studies_is_in_one(
    indexes: list[PostgresqlIndex],
) -> None:
    for n in range(20):
        offers = [record(resource=replace(key(study, 1), sop_instance_uid=f"1.9.{n}")) for study in (1, 2)]
        told = await asyncio.gather(
            *(outcomes(*each) for each in zip(indexes, [[each] for each in offers], strict=True))
        )
        assert sorted(each for [each] in told) == [Outcome.ADDED, Outcome.CONFLICT]
    of_studies, _ = await counts(indexes[1])
    assert sum(of_studies.values()) == 20


async def test_replacing_and_deleting_on_several_servers_leaves_what_the_rows_say(
    indexes: list[PostgresqlIndex],
) -> None:
    random = Random(2)

    async def change(index: PostgresqlIndex, number: int) -> None:
        if number % 5 == 0:
            await index.delete(key(random.randrange(3)))
            return
        versions: list[InstanceRecord] = []
        for n in random.sample(range(6), 3):  # an instance moves between studies
            resource = replace(key(random.randrange(3), random.randrange(2)), sop_instance_uid=f"1.9.{n}")
            versions.append(record(resource=resource, content=f"{number}"))
        await index.add(versions, DuplicatePolicy.REPLACE)

    for start in range(0, 60, 6):
        await asyncio.gather(*(change(indexes[n % 2], n) for n in range(start, start + 6)))
    of_studies, of_series = await counts(indexes[0])
    stored = [each for study in range(3) async for batch in indexes[1].instances(key(study)) for each in batch]
    assert sum(of_studies.values()) == sum(of_series) == len(stored)
    assert 0 not in of_series
    assert len({each.key.sop_instance_uid for each in stored}) == len(stored)
    for study, number in of_studies.items():
        assert len(await metadata(indexes[0], key(study))) == number
    by_class = await indexes[0].search_studies(
        query(Level.STUDY, Term("SOPClassesInStudy", Equals((stored[0].sop_class_uid,))))
    )
    assert len(by_class) == len(of_studies)
    unneeded = set(await indexes[0].unneeded_blobs(0, 1_000))
    assert not unneeded & {each.blob_key for each in stored}


async def test_calls_that_wait_together_are_answered_each_for_itself(indexes: list[PostgresqlIndex]) -> None:
    index = indexes[0]
    refused = replace(record(1, 1, 7), blob_key="no text holds \0 in this database")
    calls = [[record(1, 1, n)] for n in range(6)] + [[refused]] + [[record(1, 1, 0, content="other")], []]
    told = await asyncio.gather(*(outcomes(index, each) for each in calls), return_exceptions=True)
    assert told[:6] == [[Outcome.ADDED]] * 6
    assert isinstance(told[6], Exception)
    assert told[7:] == [[Outcome.CONFLICT], []]
    assert await index.instance(key(1, 1, 7)) is None


async def test_a_closed_index_says_so(postgresql_url: str) -> None:
    index = await PostgresqlIndex.open(postgresql_url, connections=3)
    await index.close()
    with pytest.raises(StorageUnavailable):
        await index.add([record()])


async def test_a_database_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(StorageUnavailable, match=r"^The index does not answer\.$"):
        await PostgresqlIndex.open(NOWHERE, connections=3)


async def test_connections_that_the_database_ends_are_made_anew_without_a_word(
    postgresql: PostgresqlServer, indexes: list[PostgresqlIndex]
) -> None:
    index = indexes[0]
    for n in range(3):
        await asyncio.gather(*(index.add([record(1, 1, 10 * n + k)]) for k in range(4)), *(counts(index) for _ in "12"))
        await asyncio.to_thread(
            postgresql.execute,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'fovea'",
        )
        assert await index.instance(key(1, 1, 10 * n)) is not None
    assert await counts(index) == ({"1": 12}, [12])


async def test_while_the_database_is_away_that_is_said_and_afterwards_all_is_there(
    own_server: PostgresqlServer,
) -> None:
    url = await asyncio.to_thread(own_server.new_database)
    index = await PostgresqlIndex.open(url, connections=4)
    added: list[int] = []

    async def add(number: int) -> None:
        await index.add([record(1, 1, number)])
        added.append(number)

    await asyncio.gather(*map(add, range(5)))
    in_flight = [asyncio.create_task(add(number)) for number in range(5, 40)]
    await asyncio.to_thread(own_server.stop)
    told = await asyncio.gather(*in_flight, return_exceptions=True)
    assert all(each is None or isinstance(each, StorageUnavailable) for each in told)
    for asking in (
        index.instance(key(1, 1, 1)),
        index.search_studies(query(Level.STUDY)),
        index.add([record(1, 1, 99)]),
    ):
        with pytest.raises(StorageUnavailable):
            await asking
    await asyncio.to_thread(own_server.start)
    for number in added:
        assert await index.instance(key(1, 1, number)) is not None
    await add(100)
    assert (await counts(index))[1][0] >= len(added)
    await index.close()
