import pytest
from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from storage.index.matching import condition, level_of, require_searchable
from storage.query import (
    AnyOf,
    AnyTerm,
    Between,
    DocumentTerm,
    Empty,
    Equals,
    Match,
    MomentTerm,
    SimilarName,
    Term,
    Wildcard,
)
from storage.resource import Level

POSTGRESQL: Dialect = PGDialect_asyncpg()  # type: ignore[no-untyped-call]
HOSTILE = "x'; DROP TABLE study; --"
MATCHES: list[Match] = [
    Equals((HOSTILE,)),
    Wildcard((f"{HOSTILE}*",)),
    Between(HOSTILE, HOSTILE),
    AnyOf((Equals((HOSTILE,)), Empty())),
    SimilarName((HOSTILE,)),
]
TERMS: list[AnyTerm] = [
    *(Term(keyword, match) for keyword in ("PatientID", "PatientName", "ModalitiesInStudy") for match in MATCHES),
    Term("RequestAttributesSequence.RequestedProcedureID", Equals((HOSTILE,))),
    Term("NumberOfStudyRelatedSeries", Equals((HOSTILE,))),
    MomentTerm("StudyDate", "StudyTime", (HOSTILE, HOSTILE), (HOSTILE, HOSTILE)),
    DocumentTerm(Level.STUDY, HOSTILE, bool),
    DocumentTerm(Level.INSTANCE, HOSTILE, bool),
]


@pytest.mark.parametrize("term", TERMS, ids=str)
def test_values_are_bound_and_not_part_of_the_statement(term: AnyTerm) -> None:
    for dialect in (SQLiteDialect(), POSTGRESQL):
        assert "drop" not in str(condition(term, 0).compile(dialect=dialect)).lower()


def test_databases_other_than_sqlite_match_wildcards_by_like() -> None:
    compiled = condition(Term("PatientID", Wildcard(("a%*_?\\[",))), 0).compile(dialect=POSTGRESQL)
    assert "LIKE" in str(compiled)
    assert "ESCAPE '\\'" in str(compiled)
    assert "a\\%%\\__\\\\[" in compiled.params.values()


def test_terms_are_about_the_level_of_their_attribute() -> None:
    keywords = {
        "PatientID": Level.STUDY,
        "Modality": Level.SERIES,
        "InstanceNumber": Level.INSTANCE,
        "ModalitiesInStudy": Level.STUDY,
        "NumberOfSeriesRelatedInstances": Level.SERIES,
    }
    for keyword, level in keywords.items():
        assert level_of(Term(keyword, Equals(("x",)))) is level
    assert level_of(MomentTerm("SeriesDate", "SeriesTime", None, None)) is Level.SERIES
    assert level_of(DocumentTerm(Level.INSTANCE, "00280010", bool)) is Level.INSTANCE


@pytest.mark.parametrize(
    ("term", "message"),
    [
        (Term("PatientComments", Equals(("x",))), "PatientComments is not indexed"),
        (MomentTerm("AcquisitionDate", "AcquisitionTime", None, None), "AcquisitionDate is not indexed"),
        (Term("PatientID", AnyOf((Empty(), Wildcard(("?",) * 101)))), "PatientID has more than 100 values"),
        (Term("NumberOfStudyRelatedSeries", Wildcard(("?",))), "matched by single values only"),
    ],
)
def test_terms_that_cannot_be_searched_are_told(term: AnyTerm, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        require_searchable(term)
