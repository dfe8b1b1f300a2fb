"""What an archive of ten million instances costs in PostgreSQL: bytes a row, and the time of each kind of request.

``python -m benchmarks.capacity fill URL INSTANCES`` fills the database of the URL with so many instances
(``benchmarks.synthetic_archive``), which takes about ten minutes and 50 GB for ten million; with ``--every 4`` only
every fourth study has metadata, and 25 GB are enough. ``copy URL FILE`` copies it to a new file of SQLite.
``sizes URL`` prints the bytes of each table and of its indexes.

``ask URL INSTANCES [URL INSTANCES ...]`` asks all of these databases the same kinds of questions through the product's
index, in turns and each twice, and prints the median time of the second answer of each kind as its asker waits for it,
how much was found, the ratio of the last database to the first, and the time of the first answer of the last one. With
``--cpu`` it is the time that the asker and the database compute, which is what is left to compare where others work on
the same machine. ``explain URL INSTANCES`` prints the plans of all statements of each kind.
"""

import argparse
import asyncio
import sqlite3
import statistics
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import asyncpg
from sqlalchemy import event

from benchmarks.index_backends import record
from benchmarks.index_scale import PAGE, QUESTIONS, Question, Study, asking, day, is_, kinds
from benchmarks.synthetic_archive import archive, copy, fill, is_described, series_of
from storage.index.factory import open_index
from storage.index.postgresql import PostgresqlIndex
from storage.index.postgresql_connections import open_engine
from storage.index.postgresql_migrations import upgrade_database
from storage.index.protocol import Index
from storage.index.searching import count_matches, search_instances, search_series, search_studies
from storage.index.tables import IndexTable
from storage.query import AnyTerm, DocumentTerm, MomentTerm, Query, Term, Wildcard
from storage.records import InstanceRecord
from storage.resource import Level, ResourceKey

NEW = 100
"""Instances of a study that is added and deleted."""

Operation = Callable[[], Awaitable[object]]
Clock = Callable[[], float]
"""Seconds."""

_SIZES = "SELECT count(*), pg_table_size('{table}'), pg_indexes_size('{table}') FROM {table}"


_PROCESS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'fovea' AND datname = current_database()"

_SIZES_IN_FILE = """
SELECT tbl_name, sum(pgsize) FILTER (WHERE type = 'table'), sum(pgsize) FILTER (WHERE type = 'index')
FROM dbstat JOIN sqlite_schema USING (name) GROUP BY tbl_name
"""


def reads(index: Index, study: Study, number: int) -> dict[str, Operation]:
    """One of each kind, about a study whose first series is there."""
    series, instance = _keys(study, number)
    contained = Term("StudyDescription", Wildcard((f"*{study.description[5:7]}*",)))
    month = MomentTerm("StudyDate", "StudyTime", (day(number * 60), "10"), (day(number * 60 + 30), "11"))
    return {
        **{kind: partial(_search, index, question) for kind, question in kinds(study, number).items()},
        "StudyDescription, contains": _studies(index, contained),
        "StudyDescription, contains what none has": _studies(index, Term("StudyDescription", Wildcard(("*xyz*",)))),
        "StudyDate and StudyTime, a month": _studies(index, month),
        "an attribute without a column": _studies(index, DocumentTerm(Level.STUDY, "00180000", bool)),
        "instances: Modality, 1 %": partial(_search, index, asking(is_("Modality", "XA"), level=Level.INSTANCE)),
        "series of a study": partial(index.search_series, Query(Level.SERIES, ResourceKey(study.uid), (), PAGE)),
        "100 instances of a series": partial(index.search_instances, Query(Level.INSTANCE, series, (), 100)),
        "instance by UIDs": partial(index.instance, instance),
        "instance by UIDs, and its frame index": partial(_frame_index, index, instance),
        "revision of a series": partial(index.revision, series),
        "locations of a series of 120": partial(_all_of, index.instances, series),
        "metadata of an instance": partial(_all_of, index.metadata, instance),
        "metadata of a series of 120": partial(_all_of, index.metadata, series),
    }


def writes(index: Index, study: Study, number: int) -> dict[str, Operation]:
    """What these delete is added again, and the reverse."""
    _, instance = _keys(study, number)
    new = [_new(number, each) for each in range(NEW)]
    return {
        "delete one instance": partial(index.delete, instance),
        "add one instance": partial(index.add, [replace(_new(number, 0), key=instance)]),
        f"add a study of {NEW}": partial(index.add, new),
        f"delete a study of {NEW}": partial(index.delete, ResourceKey(new[0].key.study_instance_uid)),
    }


def _keys(study: Study, number: int) -> tuple[ResourceKey, ResourceKey]:
    """Those of the first series of a study, and of one instance in it."""
    series = ResourceKey(study.uid, str(series_of([study])[0]["series_instance_uid"]))
    return series, replace(series, sop_instance_uid=f"{series.series_instance_uid}.{2 + number}")


def _new(study: int, number: int) -> InstanceRecord:
    """A record whose blob has a key that never was, as all that are stored have."""
    return replace(record(study, number), blob_key=uuid4().hex)


def _studies(index: Index, term: AnyTerm) -> Operation:
    return partial(index.search_studies, Query(Level.STUDY, ResourceKey(), (term,), PAGE))


async def _search(index: Index, question: Question) -> object:
    methods: dict[object, Callable[..., Awaitable[object]]] = {
        search_studies: index.search_studies,
        search_series: index.search_series,
        search_instances: index.search_instances,
        count_matches: index.count,
    }
    return await methods[question.func](**question.keywords)


async def _frame_index(index: Index, key: ResourceKey) -> object:
    found = await index.instance(key)
    return found and await index.frame_index(found)


async def _all_of(read: Callable[[ResourceKey], AsyncIterator[list[Any]]], key: ResourceKey) -> list[Any]:
    return [each async for batch in read(key) for each in batch]


def asked_about(instances: int, every: int) -> list[Study]:
    """Studies from all over the archive whose first series is a CT with metadata; the first one only warms up."""
    scans = [each for each in archive(instances) if each.modalities[0] == "CT" and is_described(each, every)]
    first, *others = Random(1).sample(scans, QUESTIONS)
    return [first, first, *others]


class Database:
    """An archive that is asked, and what was measured of it, by kind."""

    def __init__(self, index: Index, url: str, instances: int, every: int) -> None:
        self.index = index
        self.url = url
        self.instances = instances
        self.studies = asked_about(instances, every)
        self.first: defaultdict[str, list[float]] = defaultdict(list)
        """Milliseconds of what is asked for the first time, and so may have to be read from the disk."""
        self.again: defaultdict[str, list[float]] = defaultdict(list)
        self.found: defaultdict[str, list[int]] = defaultdict(list)

    async def measure(self, kind: str, operation: Operation, clock: Clock) -> float:
        began = clock()
        answer = await operation()
        took = clock() - began
        self.found[kind].append(_size(answer))
        return took * 1000

    async def clock(self) -> Clock:
        """The seconds of CPU that this process has taken, and the one that the database has for it."""
        if self.url.startswith("sqlite:"):
            return time.process_time
        await self.index.known_blob_keys([""])  # so that it is connected
        connection = await asyncpg.connect(self.url)
        process = await connection.fetchval(_PROCESS)
        await connection.close()
        times = Path(f"/proc/{process}/schedstat")
        return lambda: time.process_time() + int(times.read_text().split()[0]) / 1e9


async def ask(databases: list[Database], *, of_cpu: bool) -> None:
    """Ask all of them, in turns: what is read twice, what is written once."""
    clocks = [await each.clock() if of_cpu else time.perf_counter for each in databases]
    for number in range(QUESTIONS + 1):
        for kind in reads(databases[0].index, databases[0].studies[number], number):
            for each, clock in zip(databases, clocks, strict=True):
                operation = reads(each.index, each.studies[number], number)[kind]
                each.first[kind].append(await each.measure(kind, operation, clock))
                each.again[kind].append(await each.measure(kind, operation, clock))
        for each, clock in zip(databases, clocks, strict=True):
            for kind, operation in writes(each.index, each.studies[number], number).items():
                took = await each.measure(kind, operation, clock)
                each.first[kind].append(took)
                each.again[kind].append(took)
    for each in databases:
        await each.index.forget_blobs(await each.index.unneeded_blobs(0, 2 * NEW * QUESTIONS))
        await each.index.close()


async def compare(archives: list[tuple[str, int]], every: int, *, of_cpu: bool) -> list[str]:
    databases = [Database(await open_index(url, 1), url, instances, every) for url, instances in archives]
    await ask(databases, of_cpu=of_cpu)
    return list(table(databases))


def table(databases: list[Database]) -> Iterator[str]:
    """The lines of all kinds, a pair of columns for each database."""
    last, first = databases[-1], databases[0]
    yield "| kind | " + " | ".join(f"found | ms at {each.instances:,}" for each in databases) + " | ratio | at first |"
    yield "|---" * (3 + 2 * len(databases)) + "|"
    for kind in first.again:
        pairs = (f"{statistics.median_low(each.found[kind])} | {_median(each.again[kind]):.2f}" for each in databases)
        ratio = _median(last.again[kind]) / _median(first.again[kind])
        yield f"| {kind} | {' | '.join(pairs)} | {ratio:.2f} | {_median(last.first[kind]):.2f} |"


def _median(times: list[float]) -> float:
    """Of all but the first, which warms up."""
    return statistics.median(times[1:])


def _size(answer: object) -> int:
    """How much was found: of a list its length, of a number itself."""
    return answer if isinstance(answer, int) else len(answer) if isinstance(answer, list) else int(answer is not None)


async def explain(url: str, instances: int, every: int) -> None:
    """Print what the database does for one of each kind; statements that change rows are not run again."""
    statements: list[tuple[str, Any]] = []
    engine = open_engine(url, 1)

    def note(_: object, cursor: object, statement: str, parameters: Any, *rest: object) -> None:
        statements.append((statement, parameters))

    def listen(connection: Any, _: object) -> None:
        connection.driver_connection.add_query_logger(lambda query: statements.append((query.query, query.args)))

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    event.listen(engine.sync_engine, "connect", listen)  # to statements that go past SQLAlchemy
    index, study = PostgresqlIndex(engine), asked_about(instances, every)[1]
    for kind, operation in (reads(index, study, 1) | writes(index, study, 1)).items():
        statements.clear()
        await operation()
        await asyncio.sleep(0)  # the driver tells of a statement a turn later
        print(f"\n## {kind}")
        for statement, values in [each for each in statements if each[0].startswith(("SELECT", "DELETE"))]:
            print(f"\n{' '.join(statement.split())}")
            options = "ANALYZE, TIMING OFF, SUMMARY OFF, " if statement.startswith("SELECT") else ""
            async with engine.connect() as connection:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                for [line] in await driver.fetch(f"EXPLAIN ({options}COSTS OFF) {statement}", *values):
                    print(line)
    await index.close()


async def sizes(url: str) -> None:
    """Print what rows of each table take, with its indexes."""
    print("| table | rows | bytes a row | in indexes |\n|---|---|---|---|")
    for table, rows, of_table, of_indexes in sizes_in_file(url) if url.startswith("sqlite:") else await sizes_in(url):
        if rows:
            print(f"| {table} | {rows:,} | {of_table / rows:,.0f} | {(of_indexes or 0) / rows:,.0f} |")


async def sizes_in(url: str) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(url)
    found = [(name, *await connection.fetchrow(_SIZES.format(table=name))) for name in IndexTable.metadata.tables]
    await connection.close()
    return found


def sizes_in_file(url: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
        return [
            (name, *database.execute(f"SELECT count(*), ?, ? FROM {name}", bytes_).fetchone())
            for name, *bytes_ in database.execute(_SIZES_IN_FILE).fetchall()
        ]


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("command", choices=["fill", "copy", "sizes", "ask", "explain"])
    arguments.add_argument("databases", nargs="+", metavar="URL INSTANCES")
    arguments.add_argument("--every", type=int, default=1)
    arguments.add_argument("--cpu", action="store_true")
    given = arguments.parse_args()
    url, *rest = given.databases
    match given.command:
        case "fill":
            upgrade_database(url)
            asyncio.run(fill(url, int(rest[0]), given.every))
        case "sizes":
            asyncio.run(sizes(url))
        case "ask":
            pairs = zip(given.databases[::2], map(int, given.databases[1::2]), strict=True)
            print("\n".join(asyncio.run(compare(list(pairs), given.every, of_cpu=given.cpu))))
        case "copy":
            asyncio.run(copy(url, Path(rest[0])))
        case "explain":
            asyncio.run(explain(url, int(rest[0]), given.every))


if __name__ == "__main__":
    main()
