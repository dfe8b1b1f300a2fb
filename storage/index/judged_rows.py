"""Searches by stored documents where the database cannot call the code that judges them (``documents``).

Its statements find what may match, in the order of results; the documents of these rows are read batch by batch and
judged, until a page is full. Terms about levels below must hold for one and the same thing in a row: for such a search
the documents of what lies in the row, and satisfies all other terms, are judged until one will do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, FromClause, Select, bindparam, select

from storage.index.beginnings import Statement
from storage.index.checks import checks
from storage.index.documents import judge
from storage.index.matching import level_of
from storage.index.scope import PARENT_ROWS
from storage.index.tables import INSTANCE_METADATA, TABLE_OF
from storage.query import AnyTerm, DocumentTerm, Query
from storage.resource import Level

BATCH = 100
"""Rows whose documents are read at once."""

_LEVELS = list(Level)
_ROWS: BindParameter[list[int]] = bindparam("rows", expanding=True)


def asks_code(connection: Connection, terms: Sequence[AnyTerm]) -> bool:
    """Whether what a search of these terms finds has to be judged here."""
    return connection.dialect.name != "sqlite" and any(isinstance(term, DocumentTerm) for term in terms)


def judged_rows(connection: Connection, query: Query, candidates: Statement) -> Iterator[int]:
    """The rows that match, read and judged no faster than they are taken.

    ``candidates`` gives the numbers of those that may, each the last in its row, in the order of results.
    """
    level = _judged_level(query)
    judges = _Judges(query)
    documents = _documents(query, level, judges.levels)
    with connection.execute(candidates, execution_options={"yield_per": BATCH}) as found:
        for batch in found.partitions():
            rows = [row for *_, row in batch]
            if level is query.level:
                held = {row: each for row, *each in connection.execute(documents, {"rows": rows})}
                yield from (row for row in rows if judges.are_satisfied(held[row]))
            else:
                yield from (row for row in rows if _holds_what_satisfies(connection, documents, row, judges))


class _Judges:
    """The code of a query's terms, which is asked about one document of each of the ``levels``."""

    def __init__(self, query: Query) -> None:
        terms = [term for term in query.terms if isinstance(term, DocumentTerm)]
        self.levels = list(dict.fromkeys(term.level for term in terms))
        self._judges = [(self.levels.index(term.level), judge(term)) for term in terms]

    def are_satisfied(self, documents: Sequence[bytes]) -> bool:
        return all(is_satisfied(documents[place]) for place, is_satisfied in self._judges)


def _judged_level(query: Query) -> Level:
    """The lowest level that documents are judged with: theirs, or one below that other terms are about as well."""
    levels = {query.level, *(term.level for term in query.terms if isinstance(term, DocumentTerm))}
    if levels == {Level.STUDY, Level.SERIES} and query.level is Level.STUDY:
        levels.update(map(level_of, query.terms))
    return max(levels, key=_LEVELS.index)


def _documents(query: Query, level: Level, judged: Sequence[Level]) -> Select[Any]:
    """Row numbers of the searched level, each with documents of the ``judged`` levels that are to be judged together.

    Of a level below there are those that satisfy the terms which the database can tell.
    """
    columns: list[ColumnElement[Any]] = [_row(level, query.level)]
    source: FromClause = TABLE_OF[level]
    for each in judged:
        holder = (INSTANCE_METADATA if each is Level.INSTANCE else TABLE_OF[each]).alias()
        number, document = ("instance_row", "document") if each is Level.INSTANCE else ("id", "attributes")
        source = source.join(holder, holder.c[number] == _row(level, each))
        columns.append(holder.c[document])
    conditions = [] if level is query.level else checks(replace(query, level=level))
    return select(*columns).select_from(source).where(columns[0].in_(_ROWS), *conditions)


def _row(level: Level, of: Level) -> ColumnElement[int]:
    """The number of a row itself, or that of what it lies in."""
    return TABLE_OF[level].c.id if of is level else PARENT_ROWS[level][of]


def _holds_what_satisfies(connection: Connection, documents: Select[Any], row: int, judges: _Judges) -> bool:
    options = {"stream_results": True, "max_row_buffer": BATCH}
    with connection.execute(documents, {"rows": [row]}, execution_options=options) as found:
        return any(judges.are_satisfied(each) for _, *each in found)
