"""Search terms as SQL conditions. Every value is bound, none is spliced into a statement.

A condition begins with a comparison of the plain column, so that the database can seek: text that begins
with ``abc`` lies in the range from ``abc`` to ``abc`` + the last character there is. Text compares by code
point. Absent values are the empty text (``tables``), so no comparison may take that in.
"""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Boolean, ColumnElement, and_, exists, false, literal, or_, select, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from storage.attributes import INDEXED_ATTRIBUTES, IndexedAttribute, Kind
from storage.index.tables import SERIES, SERIES_VALUE, STUDY, TABLE_OF, column_names
from storage.query import Between, Equals, Term, Wildcard
from storage.resource import Level

MODALITIES_IN_STUDY = "ModalitiesInStudy"

MAX_PATTERNS = 100
"""Wildcard patterns of one term: SQLite takes expressions up to 1000 deep, and a name has three columns."""

_LAST_CHARACTER = "\U0010ffff"
_LITERAL_PREFIX = re.compile(r"[^*?]*")
_LIKE_TRANSLATION = str.maketrans({"*": "%", "?": "_", "%": r"\%", "_": r"\_", "\\": r"\\"})
_GLOB_TRANSLATION = str.maketrans({"[": "[[]"})

_Text = ColumnElement[str]
_Condition = ColumnElement[bool]


def level_of(term: Term) -> Level:
    """The level whose table the term's condition is about. Raises ValueError for a keyword that is not indexed."""
    if term.keyword == MODALITIES_IN_STUDY:
        return Level.STUDY
    return _attribute(term).level


def is_universal(term: Term) -> bool:
    """Whether a pattern is nothing but stars, which all rows match, also those without a value (PS3.4 C.2.2.2.4)."""
    return isinstance(term.match, Wildcard) and any(not pattern.strip("*") for pattern in term.match.patterns)


def condition(term: Term) -> _Condition:
    """What must hold in the table of the term's level, for a term that is not universal.

    Raises ValueError for a keyword that is not indexed, and for more than MAX_PATTERNS patterns.
    """
    if isinstance(term.match, Wildcard) and len(term.match.patterns) > MAX_PATTERNS:
        raise ValueError(f"{term.keyword} has more than {MAX_PATTERNS} values with wildcards")
    if term.keyword == MODALITIES_IN_STUDY:
        return _any_series_of_study(term)
    attribute = _attribute(term)
    if attribute.kind is Kind.LIST:
        return _any_listed_value(term)
    columns = TABLE_OF[attribute.level].c
    return or_(*(_matches(columns[name], term) for name in column_names(attribute)))


def _attribute(term: Term) -> IndexedAttribute:
    attribute = INDEXED_ATTRIBUTES.get(term.keyword)
    if attribute is None:
        raise ValueError(f"{term.keyword} is not indexed")
    return attribute


def _any_series_of_study(term: Term) -> _Condition:
    series = SERIES.alias()
    return exists().where(series.c.study_row == STUDY.c.id, _matches(series.c.modality, term))


def _any_listed_value(term: Term) -> _Condition:
    values = SERIES_VALUE.c
    found = select(values.series_row).where(values.keyword == term.keyword, _matches(values.value, term))
    return SERIES.c.id.in_(found)


def _matches(column: _Text, term: Term) -> _Condition:
    match term.match:
        case Equals(values):
            return column.in_([value for value in values if value])
        case Wildcard(patterns):
            return or_(false(), *(_matches_pattern(column, pattern) for pattern in patterns))
        case Between(low, high):
            return and_(column >= low if low else column > "", column <= high + _LAST_CHARACTER if high else true())


def _matches_pattern(column: _Text, pattern: str) -> _Condition:
    found = _LITERAL_PREFIX.match(pattern)
    prefix = found[0] if found else ""
    glob, like = pattern.translate(_GLOB_TRANSLATION), pattern.translate(_LIKE_TRANSLATION)
    return and_(
        column >= prefix if prefix else column > "",
        column <= prefix + _LAST_CHARACTER if prefix else true(),
        _matches_wildcards(column, literal(glob), literal(like)),
    )


class _matches_wildcards(FunctionElement[bool]):  # noqa: N801 - reads like the SQL function it stands for
    """Wildcard match that heeds case: column, the pattern for GLOB, the pattern for LIKE (escaped by backslash).

    SQLite has both, but its LIKE takes ASCII letters of either case for the same. Other databases have LIKE only.
    """

    inherit_cache = True
    type = Boolean()


@compiles(_matches_wildcards)
def _as_like(element: _matches_wildcards, compiler: SQLCompiler, **options: Any) -> str:
    column, _, like = _arguments(element)
    return f"{compiler.process(column, **options)} LIKE {compiler.process(like, **options)} ESCAPE '\\'"


@compiles(_matches_wildcards, "sqlite")
def _as_glob(element: _matches_wildcards, compiler: SQLCompiler, **options: Any) -> str:
    column, glob, _ = _arguments(element)
    return f"{compiler.process(column, **options)} GLOB {compiler.process(glob, **options)}"


def _arguments(element: _matches_wildcards) -> Sequence[ColumnElement[Any]]:
    return list(element.clauses)
