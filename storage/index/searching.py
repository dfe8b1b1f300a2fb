"""Searches: a page of rows in few statements, whose number does not depend on that of the rows.

A page is sought first, by row numbers and small columns only; then what its rows share (studies, series, counts) is
read once for all of them. All statements of a search must see the same state: the caller gives one transaction.
Terms of a level above are sought in its table, which is far smaller, and the rows below what is found there.

The statements rely on SQLite's plans without statistics (ANALYZE), which are the same at every size of an archive.
"""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Select, bindparam, func, select

from storage.index.chunks import chunks
from storage.index.matching import condition, is_universal, level_of
from storage.index.scope import in_scope
from storage.index.tables import INSTANCE, INSTANCE_METADATA, SERIES, STUDY, TABLE_OF
from storage.query import Query
from storage.records import InstanceMatch, SeriesMatch, StudyMatch
from storage.resource import Level

_PARENT_ROWS: dict[Level, dict[Level, ColumnElement[int]]] = {
    Level.STUDY: {},
    Level.SERIES: {Level.STUDY: SERIES.c.study_row},
    Level.INSTANCE: {Level.STUDY: INSTANCE.c.study_row, Level.SERIES: INSTANCE.c.series_row},
}
"""The columns by which a row names those of the levels above it."""


_ROWS: BindParameter[list[int]] = bindparam("rows", expanding=True)
_STUDIES = select(STUDY.c.id, STUDY.c.attributes).where(STUDY.c.id.in_(_ROWS))
_SERIES = select(SERIES.c.id, SERIES.c.study_row, SERIES.c.attributes, SERIES.c.number_of_instances).where(
    SERIES.c.id.in_(_ROWS)
)
_COUNTS = (
    select(SERIES.c.study_row, SERIES.c.modality, func.count(), func.sum(SERIES.c.number_of_instances))
    .where(SERIES.c.study_row.in_(_ROWS))
    .group_by(SERIES.c.study_row, SERIES.c.modality)
)
_METADATA = select(INSTANCE_METADATA.c.instance_row, INSTANCE_METADATA.c.document).where(
    INSTANCE_METADATA.c.instance_row.in_(_ROWS)
)


def search_studies(connection: Connection, query: Query) -> list[StudyMatch]:
    """Studies, newest StudyDate first, then newest stored first."""
    page = _page(query, STUDY.c.id).order_by(STUDY.c.study_date.desc(), STUDY.c.id.desc())
    rows = connection.scalars(page).all()
    studies = _studies(connection, rows)
    return [studies[row] for row in rows]


def search_series(connection: Connection, query: Query) -> list[SeriesMatch]:
    """Series, in stored order."""
    rows = connection.scalars(_page(query, SERIES.c.id).order_by(SERIES.c.id)).all()
    series = _series(connection, rows)
    return [series[row] for row in rows]


def search_instances(connection: Connection, query: Query) -> list[InstanceMatch]:
    """Instances, in stored order."""
    page = _page(query, INSTANCE.c.id, INSTANCE.c.series_row, INSTANCE.c.attributes).order_by(INSTANCE.c.id)
    rows = connection.execute(page).all()
    series = _series(connection, {series_row for _, series_row, _ in rows})
    documents = _metadata(connection, [row for row, _, _ in rows]) if query.whole_metadata else {}
    return [InstanceMatch(attributes, series[series_row], documents.get(row)) for row, series_row, attributes in rows]


def _page(query: Query, *columns: ColumnElement[Any]) -> Select[Any]:
    """The rows that the query finds, by ``columns``; not yet in order."""
    terms = [term for term in query.terms if not is_universal(term)]
    of_level = {level: [condition(term) for term in terms if level_of(term) is level] for level in Level}
    parents = _PARENT_ROWS[query.level]
    if any(of_level[level] for level in of_level.keys() - {query.level, *parents}):
        raise ValueError(f"a search at {query.level} level cannot match attributes of a level below")
    conditions = [*of_level[query.level], *in_scope(query.level, query.scope)]
    conditions += [
        row.in_(select(TABLE_OF[level].c.id).where(*of_level[level], *in_scope(level, query.scope)))
        for level, row in parents.items()
        if of_level[level]
    ]
    return select(*columns).where(*conditions).limit(query.limit).offset(query.offset)


def _series(connection: Connection, rows: Collection[int]) -> dict[int, SeriesMatch]:
    found = [row for chunk in chunks(rows) for row in connection.execute(_SERIES, {"rows": chunk})]
    studies = _studies(connection, {study_row for _, study_row, _, _ in found})
    return {
        row: SeriesMatch(attributes, studies[study_row], number_of_instances)
        for row, study_row, attributes, number_of_instances in found
    }


def _studies(connection: Connection, rows: Collection[int]) -> dict[int, StudyMatch]:
    modalities: defaultdict[int, set[str]] = defaultdict(set)
    series: defaultdict[int, int] = defaultdict(int)
    instances: defaultdict[int, int] = defaultdict(int)
    for chunk in chunks(rows):
        for row, modality, number_of_series, number_of_instances in connection.execute(_COUNTS, {"rows": chunk}):
            modalities[row].add(modality)
            series[row] += number_of_series
            instances[row] += number_of_instances
    return {
        row: StudyMatch(attributes, tuple(sorted(modalities[row] - {""})), series[row], instances[row])
        for chunk in chunks(rows)
        for row, attributes in connection.execute(_STUDIES, {"rows": chunk})
    }


def _metadata(connection: Connection, rows: Collection[int]) -> dict[int, bytes]:
    return {row: document for chunk in chunks(rows) for row, document in connection.execute(_METADATA, {"rows": chunk})}
