"""How PostgreSQL goes about searches: EXPLAIN, on tables that are nearly empty and that it knows nothing of."""

from typing import Any

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.index import beginnings
from storage.index.adding import add_instances
from storage.index.postgresql_connections import Transactions, open_engine
from storage.index.searching import search_instances, search_series, search_studies
from storage.query import AnyTerm, Between, DocumentTerm, Equals, MomentTerm, Query, SimilarName, Term, Wildcard
from storage.records import DuplicatePolicy
from storage.resource import Level, ResourceKey
from tests.contract.records import record

SEARCH_OF = {Level.STUDY: search_studies, Level.SERIES: search_series, Level.INSTANCE: search_instances}
CT = Term("ModalitiesInStudy", Equals(("CT",)))
YEAR = Term("StudyDate", Between("2020", "2021"))
IN_ORDER: list[tuple[Level, tuple[AnyTerm, ...]]] = [
    (Level.STUDY, ()),
    (Level.STUDY, (Term("PatientID", Equals(("x",))),)),
    (Level.STUDY, (Term("AccessionNumber", Equals(("x", "y", "z"))),)),
    (Level.STUDY, (YEAR,)),
    (Level.STUDY, (Term("PatientName", Equals(("doe^jane",))),)),
    (Level.STUDY, (Term("PatientName", Wildcard(("d*",))),)),
    (Level.STUDY, (CT,)),
    (Level.STUDY, (Term("ModalitiesInStudy", Equals(("CT", "MR"))), YEAR)),
    (Level.STUDY, (Term("Modality", Equals(("CT",))),)),
    (Level.STUDY, (MomentTerm("StudyDate", "StudyTime", ("20200101", "10"), ("20200131", "12")),)),
    (Level.STUDY, (Term("StudyDescription", Wildcard(("x*",))),)),
    (Level.STUDY, (DocumentTerm(Level.STUDY, "00104000", bool),)),
    (Level.SERIES, ()),
    (Level.SERIES, (Term("Modality", Equals(("CT", "MR"))),)),
    (Level.INSTANCE, ()),
    (Level.INSTANCE, (Term("SOPClassUID", Equals(("1",))),)),
]
"""Searches that take rows from the top of the results, whatever there is of them."""

CONTAINS = (Level.STUDY, (Term("StudyDescription", Wildcard(("*x*",))),))

SELECTIVE: list[tuple[Level, tuple[AnyTerm, ...]]] = [
    (level, (term,))
    for level in Level
    for term in (
        Term("PatientID", Equals(("x",))),
        Term("PatientName", SimilarName(("doe", "jane"))),
        Term("AccessionNumber", Wildcard(("x*",))),
        Term("SeriesDate", Between("20200101", "20200131")),
        Term("RequestAttributesSequence.RequestedProcedureID", Equals(("x",))),
        Term("SOPInstanceUID", Equals(("1", "2"))),
    )
]
"""Searches that an index leads to the few rows of."""


async def plans(engine: AsyncEngine, query: Query) -> list[str]:
    """The plans of all statements of a search, as text."""
    found: list[str] = []

    def search(connection: Connection) -> None:
        statements: list[tuple[str, Any]] = []

        def note(_: object, cursor: object, statement: str, parameters: object, *rest: object) -> None:
            statements.append((statement, parameters))

        event.listen(connection, "before_cursor_execute", note)
        SEARCH_OF[query.level](connection, query)
        event.remove(connection, "before_cursor_execute", note)
        for statement, parameters in statements:
            plan = connection.exec_driver_sql(f"EXPLAIN (COSTS OFF) {statement}", parameters)
            found.append("\n".join(row for [row] in plan))

    await Transactions(engine).read(search)
    return found


async def search_plans(url: str, level: Level, terms: tuple[AnyTerm, ...]) -> list[str]:
    engine = open_engine(url, 1)
    records = [record(1, 1, n) for n in range(3)]
    await Transactions(engine).write(lambda connection: add_instances(connection, records, DuplicatePolicy.REJECT))
    try:
        return await plans(engine, Query(level, ResourceKey(), terms, 10))
    finally:
        await engine.dispose()


@pytest.mark.parametrize(("level", "terms"), [*IN_ORDER, *SELECTIVE, CONTAINS])
async def test_no_search_reads_a_table_as_a_whole(
    postgresql_url: str, level: Level, terms: tuple[AnyTerm, ...]
) -> None:
    for plan in await search_plans(postgresql_url, level, terms):
        assert "Seq Scan" not in plan
        assert "Hash" not in plan


@pytest.mark.parametrize(("level", "terms"), IN_ORDER)
async def test_what_lies_in_order_is_not_sorted(
    postgresql_url: str, level: Level, terms: tuple[AnyTerm, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginnings, "MANY", -1)  # no rows are few
    monkeypatch.setattr(beginnings, "FEW", -1)
    for plan in await search_plans(postgresql_url, level, terms):
        if plan.startswith("Limit"):  # a page
            assert "Sort\n" not in plan


async def test_a_rare_pattern_is_sought_among_the_values_of_its_column(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Backward using ix_study_study_date" in (await search_plans(postgresql_url, *CONTAINS))[-1]
    monkeypatch.setattr(beginnings, "MANY", 0)  # any archive is large
    assert "ix_study_study_description" in (await search_plans(postgresql_url, *CONTAINS))[-1]


async def test_what_lies_in_order_is_merged_with_what_does_not(postgresql_url: str) -> None:
    terms = (Term("PatientName", SimilarName(("doe",))),)
    [page] = [plan for plan in await search_plans(postgresql_url, Level.STUDY, terms) if "Append" in plan]
    assert "Merge Append" in page
