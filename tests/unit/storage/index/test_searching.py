"""How searches and reads go about it: EXPLAIN QUERY PLAN, whose plans do not depend on the size of the archive."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from storage.index.adding import add_instances
from storage.index.migrations import upgrade
from storage.index.reading import read_instances, read_known_blob_keys, read_metadata
from storage.index.searching import search_instances, search_series, search_studies
from storage.index.sqlite_connections import writing_engine
from storage.query import Between, Equals, Query, Term, Wildcard
from storage.resource import Level, ResourceKey
from tests.contract.records import key, record

SEARCH_OF = {Level.STUDY: search_studies, Level.SERIES: search_series, Level.INSTANCE: search_instances}
ARCHIVE = ResourceKey()
SELECTIVE: dict[str, Equals | Wildcard | Between] = {
    "PatientID": Equals(("x",)),
    "AccessionNumber": Equals(("x", "y")),
    "StudyInstanceUID": Equals(("1", "2")),
    "StudyDate": Between("20200101", "20200131"),
    "PatientName": Wildcard(("DOE*",)),
    "ReferringPhysicianName": Equals(("DOE",)),
    "StudyDescription": Wildcard(("CT*",)),
    "SeriesInstanceUID": Equals(("1",)),
    "Modality": Equals(("CT",)),
    "SeriesDate": Between("20200101", "20200131"),
    "RequestAttributesSequence.RequestedProcedureID": Equals(("x",)),
    "SOPInstanceUID": Equals(("1", "2")),
    "SOPClassUID": Equals(("1",)),
    "ContentDate": Equals(("20200101",)),
}
STUDY_KEYWORDS = list(SELECTIVE)[:7]
SERIES_KEYWORDS = list(SELECTIVE)[:11]
LEVELS_OF_KEYWORDS = [
    *((Level.STUDY, keyword) for keyword in STUDY_KEYWORDS),
    *((Level.SERIES, keyword) for keyword in SERIES_KEYWORDS),
    *((Level.INSTANCE, keyword) for keyword in SELECTIVE),
]


class Database:
    """An index's tables, and the statements that an operation runs on them."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def statements(self, operation: Callable[[Connection], object]) -> list[tuple[str, tuple[object, ...]]]:
        seen: list[tuple[str, tuple[object, ...]]] = []

        def note(
            _connection: object, _cursor: object, statement: str, parameters: tuple[object, ...], *_: object
        ) -> None:
            seen.append((statement, parameters))

        event.listen(self.connection, "before_cursor_execute", note)
        operation(self.connection)
        event.remove(self.connection, "before_cursor_execute", note)
        return seen

    def plan(self, operation: Callable[[Connection], object]) -> list[str]:
        return [
            str(row[3])
            for statement, parameters in self.statements(operation)
            for row in self.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with writing_engine(tmp_path / "index.sqlite").begin() as connection:
        upgrade(connection)
        add_instances(connection, [record(study, 1, n) for study in range(3) for n in range(3)])
        yield Database(connection)


def search(
    level: Level, *terms: Term, scope: ResourceKey = ARCHIVE, limit: int = 100
) -> Callable[[Connection], object]:
    query = Query(level, scope, terms, limit, whole_metadata=True)
    return lambda connection: SEARCH_OF[level](connection, query)


def scans(plan: list[str]) -> list[str]:
    return [step for step in plan if step.startswith("SCAN")]


@pytest.mark.parametrize(("level", "keyword"), LEVELS_OF_KEYWORDS)
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


@pytest.mark.parametrize(
    ("level", "terms"),
    [
        (Level.STUDY, ()),
        (Level.STUDY, (Term("PatientID", Equals(("x",))),)),
        (Level.STUDY, (Term("StudyDate", Between("2020", None)),)),
        (Level.STUDY, (Term("ModalitiesInStudy", Equals(("CT",))),)),
        (Level.SERIES, ()),
        (Level.SERIES, (Term("Modality", Equals(("CT",))),)),
        (Level.INSTANCE, ()),
        (Level.INSTANCE, (Term("SOPClassUID", Equals(("1",))),)),
    ],
)
def test_the_first_page_of_a_long_list_is_read_without_sorting_the_list(
    database: Database, level: Level, terms: tuple[Term, ...]
) -> None:
    assert [step for step in database.plan(search(level, *terms)) if "ORDER BY" in step] == []


@pytest.mark.parametrize("scope", [key(1), key(1, 1), key(1, 1, 1)], ids=["study", "series", "instance"])
@pytest.mark.parametrize("read", [read_metadata, read_instances])
def test_a_batch_is_read_from_where_it_begins(
    database: Database, scope: ResourceKey, read: Callable[[Connection, ResourceKey, int, int], object]
) -> None:
    plan = database.plan(lambda connection: read(connection, scope, 5, 10))
    assert [step for step in plan if step.startswith("SCAN") or "ORDER BY" in step] == []


def test_blob_keys_are_sought(database: Database) -> None:
    assert scans(database.plan(lambda connection: read_known_blob_keys(connection, ["a", "b"]))) == []


@pytest.mark.parametrize("level", list(Level))
def test_a_page_of_many_rows_takes_as_many_statements_as_one_of_one_row(database: Database, level: Level) -> None:
    one, many = (database.statements(search(level, limit=limit)) for limit in (1, 100))
    assert len(one) == len(many) <= 6


def test_an_addition_of_many_records_takes_as_many_statements_as_one_of_two(database: Database) -> None:
    def add(study: int, count: int) -> Callable[[Connection], object]:
        return lambda connection: add_instances(connection, [record(study, 1, n) for n in range(count)])

    assert len(database.statements(add(10, 2))) == len(database.statements(add(11, 100))) <= 12
