"""How searches and reads go about it: EXPLAIN QUERY PLAN, whose plans do not depend on the size of the archive."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from storage.index import beginnings
from storage.index.adding import add_instances
from storage.index.migrations import upgrade
from storage.index.reading import read_instances, read_known_blob_keys, read_metadata
from storage.index.removing import delete_instances
from storage.index.searching import search_instances, search_series, search_studies
from storage.index.sqlite_connections import writing_engine
from storage.index.tables import IndexTable
from storage.index.unneeded_blobs import forget_blobs, read_unneeded_blobs
from storage.query import (
    AnyOf,
    AnyTerm,
    Between,
    DocumentTerm,
    Empty,
    Equals,
    Match,
    MomentTerm,
    Query,
    SimilarName,
    Term,
    Wildcard,
)
from storage.records import DuplicatePolicy
from storage.resource import Level, ResourceKey
from tests.contract.records import key, record

REJECT = DuplicatePolicy.REJECT
SEARCH_OF = {Level.STUDY: search_studies, Level.SERIES: search_series, Level.INSTANCE: search_instances}
ARCHIVE = ResourceKey()
TABLES = IndexTable.metadata.tables
SELECTIVE: dict[str, Match] = {
    "PatientID": Equals(("x",)),
    "AccessionNumber": Equals(("x", "y")),
    "StudyInstanceUID": Equals(("1", "2")),
    "StudyDate": Between("20200101", "20200131"),
    "PatientName": Wildcard(("DOE*",)),
    "ReferringPhysicianName": SimilarName(("doe", "jane")),
    "ModalitiesInStudy": Equals(("CT", "MR")),
    "SOPClassesInStudy": Wildcard(("1.2*",)),
    "StudyID": AnyOf((Equals(("x", "y")), Empty())),
    "StudyDescription": Wildcard(("CT*",)),
    "SeriesInstanceUID": Equals(("1",)),
    "Modality": Equals(("CT",)),
    "SeriesDate": Between("20200101", "20200131"),
    "RequestAttributesSequence.RequestedProcedureID": Equals(("x",)),
    "SOPInstanceUID": Equals(("1", "2")),
    "SOPClassUID": Equals(("1",)),
    "ContentDate": Equals(("20200101",)),
}
MOMENT = MomentTerm("StudyDate", "StudyTime", ("20200101", "10"), ("20200131", "12"))
IN_ORDER = [
    (Level.STUDY, ()),
    (Level.STUDY, (Term("PatientID", Equals(("x",))),)),
    (Level.STUDY, (Term("AccessionNumber", Equals(("x", "y", "z"))),)),
    (Level.STUDY, (Term("StudyDate", Between("2020", None)),)),
    (Level.STUDY, (Term("PatientID", Equals(("x",))), Term("StudyDate", Between("2020", "2021")))),
    (Level.STUDY, (Term("PatientName", Equals(("doe^jane",))),)),
    (Level.STUDY, (Term("PatientName", Wildcard(("d*",))),)),
    (Level.STUDY, (Term("ModalitiesInStudy", Equals(("CT",))),)),
    (Level.STUDY, (Term("ModalitiesInStudy", Equals(("CT", "MR"))), Term("StudyDate", Between("2020", "2021")))),
    (Level.STUDY, (Term("Modality", Equals(("CT",))),)),
    (Level.STUDY, (MOMENT,)),
    (Level.STUDY, (Term("StudyDescription", Wildcard(("*x*",))),)),
    (Level.STUDY, (DocumentTerm(Level.STUDY, "00104000", bool),)),
    (Level.SERIES, ()),
    (Level.SERIES, (Term("Modality", Equals(("CT", "MR"))),)),
    (Level.SERIES, (Term("RequestAttributesSequence.RequestedProcedureID", Equals(("x",))),)),
    (Level.INSTANCE, ()),
    (Level.INSTANCE, (Term("SOPClassUID", Equals(("1",))),)),
]
"""Searches that may find very much, and yet give their first page at once."""
OUT_OF_ORDER = [
    (Level.STUDY, (Term("StudyDescription", Wildcard(("CT*",))),)),
    (Level.STUDY, (Term("SeriesDate", Between("2020", None)),)),
    (Level.SERIES, (Term("StudyDate", Between("2020", None)),)),
    (Level.SERIES, (Term("ModalitiesInStudy", Equals(("CT",))), Term("SeriesDate", Between("2020", None)))),
    (Level.INSTANCE, (Term("Modality", Equals(("CT",))),)),
    (Level.INSTANCE, (Term("ContentDate", Between("2020", None)),)),
]
"""Searches that sort what they find, unless that is too much."""


class Database:
    """An index's tables, and the statements that an operation runs on them."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def statements(self, operation: Callable[[Connection], object]) -> list[str]:
        """What SQLite is given to run, with the values in their places."""
        seen: list[str] = []
        driver_connection = self.connection.connection.driver_connection
        assert isinstance(driver_connection, sqlite3.Connection)
        driver_connection.set_trace_callback(seen.append)
        operation(self.connection)
        driver_connection.set_trace_callback(None)
        return seen

    def plan(self, operation: Callable[[Connection], object]) -> list[str]:
        return [
            str(row[3])
            for statement in self.statements(operation)
            for row in self.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")
        ]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with writing_engine(tmp_path / "index.sqlite").begin() as connection:
        upgrade(connection)
        add_instances(connection, [record(study, 1, n) for study in range(3) for n in range(3)], REJECT)
        yield Database(connection)


def search(
    level: Level, *terms: AnyTerm, scope: ResourceKey = ARCHIVE, limit: int = 100
) -> Callable[[Connection], object]:
    query = Query(level, scope, terms, limit, whole_metadata=True)
    return lambda connection: SEARCH_OF[level](connection, query)


WIDE: dict[str, str | tuple[str, ...]] = {
    "StudyDate": "20200101",
    "SeriesDate": "20200101",
    "ContentDate": "20200101",
    "Modality": "CT",
    "StudyDescription": "CT of the head",
}


def sorting(plan: list[str]) -> list[str]:
    return [step for step in plan if "TEMP B-TREE" in step]


def scans(plan: list[str]) -> list[str]:
    """Steps that go through a whole table, or index; not those through what another step has found."""
    return [step for step in plan if step.startswith("SCAN") and step.split()[1].removesuffix("_1") in TABLES]


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("keyword", list(SELECTIVE))
def test_a_search_by_an_indexed_key_never_scans_a_table(database: Database, level: Level, keyword: str) -> None:
    plan = database.plan(search(level, Term(keyword, SELECTIVE[keyword])))
    assert any(step.startswith("SEARCH") for step in plan)
    assert scans(plan) == []


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("scope", [key(1), key(1, 1)])
def test_a_search_below_a_study_or_series_never_scans_a_table(
    database: Database, level: Level, scope: ResourceKey
) -> None:
    terms = [Term("PatientName", Wildcard(("*x*",))), Term("Modality", Wildcard(("*x*",)))]
    assert scans(database.plan(search(level, *terms[: list(Level).index(level)], scope=scope))) == []


@pytest.mark.parametrize(("level", "terms"), IN_ORDER)
def test_the_first_page_of_a_long_list_is_read_without_sorting_the_list(
    database: Database, level: Level, terms: tuple[AnyTerm, ...]
) -> None:
    assert sorting(database.plan(search(level, *terms))) == []


@pytest.mark.parametrize(("level", "terms"), OUT_OF_ORDER)
def test_what_would_have_to_be_sorted_is_walked_in_order_when_it_is_too_much(
    database: Database, level: Level, terms: tuple[AnyTerm, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    seek = database.plan(search(level, *terms))
    assert scans(seek) == []
    monkeypatch.setattr(beginnings, "FEW", 0)
    monkeypatch.setattr(beginnings, "MANY", 0)
    add_instances(database.connection, [record(n, values=WIDE) for n in range(10, 13)], REJECT)
    walk = database.plan(search(level, *terms))
    assert len(scans(walk)) == 1
    assert sorting(walk) == []


def test_of_two_lists_in_order_the_thinner_one_is_walked(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beginnings, "FEW", 2)
    for study in range(10, 30):
        values = {"PatientSex": "O", "PatientID": "A" if study % 4 == 0 else "B", "StudyDate": f"202001{study}"}
        add_instances(database.connection, [record(study, values=values)], REJECT)
    terms = Term("PatientSex", Equals(("O",))), Term("PatientID", Equals(("A",)))
    for order in (terms, terms[::-1]):
        plan = "".join(database.plan(search(Level.STUDY, *order)))
        assert plan.rindex("ix_study_patient_id") > plan.rindex("ix_study_patient_sex")


@pytest.mark.parametrize(("pattern", "is_rare"), [("*foot*", True), ("*head", False)])
def test_a_rare_pattern_is_sought_among_the_values_of_its_column(
    database: Database, pattern: str, is_rare: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginnings, "SAMPLED", 10)
    monkeypatch.setattr(beginnings, "MANY", 5)
    add_instances(database.connection, [record(n, values=WIDE) for n in range(10, 30)], REJECT)
    plan = database.plan(search(Level.STUDY, Term("StudyDescription", Wildcard((pattern,))), limit=5))
    assert any("COVERING INDEX ix_study_study_description" in step for step in plan) == is_rare


@pytest.mark.parametrize("scope", [key(1), key(1, 1), key(1, 1, 1)], ids=["study", "series", "instance"])
@pytest.mark.parametrize("read", [read_metadata, read_instances])
def test_a_batch_is_read_from_where_it_begins(
    database: Database, scope: ResourceKey, read: Callable[[Connection, ResourceKey, int, int], object]
) -> None:
    plan = database.plan(lambda connection: read(connection, scope, 5, 10))
    assert [step for step in plan if step.startswith("SCAN") or "ORDER BY" in step] == []


def test_blob_keys_are_sought(database: Database) -> None:
    assert scans(database.plan(lambda connection: read_known_blob_keys(connection, ["a", "b"]))) == []
    assert scans(database.plan(lambda connection: forget_blobs(connection, ["a", "b"]))) == []


def test_the_longest_unneeded_blobs_are_read_without_going_through_all(database: Database) -> None:
    plan = database.plan(lambda connection: read_unneeded_blobs(connection, 60, 10))
    assert [step for step in plan if step.startswith("SCAN") or "ORDER BY" in step] == []


@pytest.mark.parametrize("level", list(Level))
def test_a_page_of_many_rows_takes_as_many_statements_as_one_of_one_row(database: Database, level: Level) -> None:
    one, many = (database.statements(search(level, limit=limit)) for limit in (1, 100))
    assert len(one) == len(many) <= 6


def test_an_addition_of_many_records_takes_as_many_look_ups_as_one_of_two(database: Database) -> None:
    def look_ups(study: int, count: int) -> int:
        records = [record(study, 1, n) for n in range(count)]
        statements = database.statements(lambda connection: add_instances(connection, records, REJECT))
        return sum(statement.startswith("SELECT") for statement in statements)

    assert look_ups(10, 2) == look_ups(11, 100) <= 6
    assert look_ups(10, 4) <= 3  # study and series are there


@pytest.mark.parametrize("duplicates", list(DuplicatePolicy))
def test_an_addition_never_scans_a_table(database: Database, duplicates: DuplicatePolicy) -> None:
    moved = record(resource=ResourceKey("1.2.9", "1.2.9.9", "1.2.1.1.1"))
    records = [record(1, 1, 0), record(1, 1, 2, content="new"), moved, record(3, 1, 1)]
    assert scans(database.plan(lambda connection: add_instances(connection, records, duplicates))) == []


@pytest.mark.parametrize("scope", [key(1), key(1, 1), key(1, 1, 1)], ids=["study", "series", "instance"])
def test_a_deletion_never_scans_a_table(database: Database, scope: ResourceKey) -> None:
    plan = database.plan(lambda connection: delete_instances(connection, scope))
    assert any(step.startswith("SEARCH") for step in plan)
    assert scans(plan) == []


def test_a_deletion_of_many_instances_takes_as_many_statements_as_one_of_one(database: Database) -> None:
    few = database.statements(lambda connection: delete_instances(connection, key(1, 1, 1)))
    add_instances(database.connection, [record(10, 1, n) for n in range(100)], REJECT)
    many = database.statements(lambda connection: delete_instances(connection, key(10)))
    assert len(many) == len(few) <= 12
