"""Searches of an index in PostgreSQL against the same in SQLite, and at one size against another.

``python -m benchmarks.postgresql_scale URL [FOLDER] [STUDIES ...]`` fills the empty database of the URL, and SQLite
files in FOLDER, with the rows of ``benchmarks.index_scale`` for so many studies (by default 10 000 and 100 000), and
prints the median time of each kind of question in both, as its asker waits for it, with the ratios. With ``--explain``
it prints the plans of all statements of each kind instead. The tables of the database are emptied.
"""

import argparse
import asyncio
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.index_scale import QUESTIONS, Question, fill, kinds, studies
from storage.index.postgresql_connections import Transactions, open_engine
from storage.index.postgresql_migrations import upgrade_database
from storage.index.sqlite_connections import reading_engine
from storage.index.tables import IndexTable

SIZES = (10_000, 100_000)
ROWS_AT_ONCE = 20_000
COUNTED = "study", "series", "instance"
"""Tables whose row numbers a sequence gives out."""


async def copy(path: Path, url: str) -> None:
    """Copy the rows of a SQLite file to empty tables, and let the database look at them as it does by itself."""
    connection = await asyncpg.connect(url)
    await connection.execute(f"TRUNCATE {', '.join(IndexTable.metadata.tables)}")
    with closing(sqlite3.connect(path)) as database:
        for table in IndexTable.metadata.sorted_tables:
            rows = database.execute(f"SELECT * FROM {table.name}")
            names = [column[0] for column in rows.description]
            while batch := rows.fetchmany(ROWS_AT_ONCE):
                await connection.copy_records_to_table(table.name, records=batch, columns=names)
    for name in COUNTED:
        await connection.execute(f"SELECT setval('{name}_id_seq', (SELECT max(id) FROM {name}))")
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


def asked(count: int) -> list[dict[str, Question]]:
    """Questions of all kinds; the first ones only warm up."""
    known = Random(1).sample(list(islice(studies(count), 10_000)), QUESTIONS)
    return [kinds(study, number) for number, study in enumerate([known[0], *known])]


def medians(times: dict[str, list[float]]) -> dict[str, float]:
    return {kind: statistics.median(of_kind[1:]) * 1000 for kind, of_kind in times.items()}


def measure_sqlite(path: Path, count: int) -> dict[str, float]:
    times: dict[str, list[float]] = {}
    engine = reading_engine(path, 1)
    for questions in asked(count):
        for kind, question in questions.items():
            began = time.perf_counter()
            with engine.connect() as connection:
                question(connection)
            times.setdefault(kind, []).append(time.perf_counter() - began)
    engine.dispose()
    return medians(times)


async def measure_postgresql(engine: AsyncEngine, count: int) -> dict[str, float]:
    times: dict[str, list[float]] = {}
    transactions = Transactions(engine)
    for questions in asked(count):
        for kind, question in questions.items():
            began = time.perf_counter()
            await transactions.read(question)
            times.setdefault(kind, []).append(time.perf_counter() - began)
    return medians(times)


async def explain(engine: AsyncEngine, count: int) -> None:
    """Print what the database does for a question of each kind."""
    for kind, question in asked(count)[1].items():
        statements: list[tuple[str, Any]] = []

        def note(_: object, cursor: object, statement: str, parameters: Any, *rest: object) -> None:
            statements.append((statement, parameters))  # noqa: B023 - called before the next turn of the loop

        event.listen(engine.sync_engine, "before_cursor_execute", note)
        await Transactions(engine).read(question)
        event.remove(engine.sync_engine, "before_cursor_execute", note)
        print(f"\n## {kind}")
        for statement, parameters in statements:
            print(f"\n{' '.join(statement.split())}")
            async with engine.connect() as connection:
                plan = await connection.exec_driver_sql(
                    f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, BUFFERS OFF) {statement}", parameters
                )
                print("\n".join(row[0] for row in plan))


async def compare(url: str, folder: Path, count: int, *, explains: bool) -> tuple[dict[str, float], dict[str, float]]:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        path = Path(place) / "index.sqlite"
        await asyncio.to_thread(fill, path, count)
        await copy(path, url)
        engine = open_engine(url, 1)
        try:
            if explains:
                await explain(engine, count)
                return {}, {}
            return measure_sqlite(path, count), await measure_postgresql(engine, count)
        finally:
            await engine.dispose()


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("url")
    arguments.add_argument("folder", type=Path, nargs="?", default=Path(tempfile.gettempdir()))
    arguments.add_argument("studies", type=int, nargs="*", default=SIZES)
    arguments.add_argument("--explain", action="store_true")
    given = arguments.parse_args()
    upgrade_database(given.url)
    found = {
        count: asyncio.run(compare(given.url, given.folder, count, explains=given.explain)) for count in given.studies
    }
    if given.explain:
        return
    print("| search | " + " | ".join(f"SQLite, {count:,} | PostgreSQL | ratio" for count in found) + " | growth |")
    print("|---" * (2 + 3 * len(found)) + "|")
    (_, smallest), (_, largest) = found[min(found)], found[max(found)]
    for kind in smallest:
        columns = (f"{a[kind]:.2f} | {b[kind]:.2f} | {b[kind] / a[kind]:.1f}" for a, b in found.values())
        print(f"| {kind} | {' | '.join(columns)} | {largest[kind] / smallest[kind]:.2f} |")


if __name__ == "__main__":
    main()
