import pytest
from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from storage.index.matching import condition, is_universal, level_of
from storage.query import Between, Equals, Term, Wildcard
from storage.resource import Level

POSTGRESQL: Dialect = PGDialect_asyncpg()  # type: ignore[no-untyped-call]
HOSTILE = "x'; DROP TABLE study; --"


@pytest.mark.parametrize("keyword", ["PatientID", "PatientName", "ModalitiesInStudy"])
@pytest.mark.parametrize("match", [Equals((HOSTILE,)), Wildcard((f"{HOSTILE}*",)), Between(HOSTILE, HOSTILE)])
def test_values_are_bound_and_not_part_of_the_statement(keyword: str, match: Equals | Wildcard | Between) -> None:
    for dialect in (SQLiteDialect(), POSTGRESQL):
        assert "DROP" not in str(condition(Term(keyword, match)).compile(dialect=dialect))


def test_databases_other_than_sqlite_match_wildcards_by_like() -> None:
    compiled = condition(Term("PatientID", Wildcard(("a%*_?\\[",)))).compile(dialect=POSTGRESQL)
    assert "LIKE" in str(compiled)
    assert "ESCAPE '\\'" in str(compiled)
    assert "a\\%%\\__\\\\[" in compiled.params.values()


def test_terms_are_about_the_level_of_their_attribute() -> None:
    keywords = {"PatientID": Level.STUDY, "Modality": Level.SERIES, "InstanceNumber": Level.INSTANCE}
    for keyword, level in (keywords | {"ModalitiesInStudy": Level.STUDY}).items():
        assert level_of(Term(keyword, Equals(("x",)))) is level


@pytest.mark.parametrize(("patterns", "expected"), [(("*",), True), (("x", "**"), True), (("?",), False), ((), False)])
def test_patterns_of_stars_alone_are_universal(patterns: tuple[str, ...], *, expected: bool) -> None:
    assert is_universal(Term("PatientID", Wildcard(patterns))) is expected
