"""Searches: a page of rows in few statements, whose number does not depend on that of the rows.

A page is sought first, by row numbers only (``beginnings`` says how); then what its rows share (studies, series,
counts) is read once for all of them. All statements of a search must see the same state: the caller gives one
transaction.
"""

from collections import defaultdict
from collections.abc import Collection
from itertools import islice

from sqlalchemy import BindParameter, Connection, bindparam, func, select

from storage.index.beginnings import Beginnings, Statement
from storage.index.chunks import chunks
from storage.index.documents import judging
from storage.index.judged_rows import asks_code, judged_rows
from storage.index.study_values import SOP_CLASSES_IN_STUDY
from storage.index.tables import INSTANCE, INSTANCE_METADATA, SERIES, STUDY, STUDY_VALUE
from storage.query import Query
from storage.records import InstanceMatch, PatientCounts, SeriesMatch, StudyMatch

_ROWS: BindParameter[list[int]] = bindparam("rows", expanding=True)
_STUDIES = (
    select(STUDY.c.id, STUDY.c.attributes, SERIES.c.modality, func.count(), func.sum(SERIES.c.number_of_instances))
    .join(SERIES, SERIES.c.study_row == STUDY.c.id)
    .where(STUDY.c.id.in_(_ROWS))
    .group_by(STUDY.c.id, SERIES.c.modality)
)
_SERIES = select(SERIES.c.id, SERIES.c.study_row, SERIES.c.attributes, SERIES.c.number_of_instances).where(
    SERIES.c.id.in_(_ROWS)
)
_INSTANCES = (
    select(INSTANCE.c.id, INSTANCE.c.series_row, INSTANCE.c.attributes, INSTANCE.c.transfer_syntax_uid)
    .where(INSTANCE.c.id.in_(_ROWS))
    .order_by(INSTANCE.c.id)
)
_METADATA = select(INSTANCE_METADATA.c.instance_row, INSTANCE_METADATA.c.document).where(
    INSTANCE_METADATA.c.instance_row.in_(_ROWS)
)
_SOP_CLASSES = (
    select(STUDY_VALUE.c.study_row, STUDY_VALUE.c.value)
    .where(STUDY_VALUE.c.study_row.in_(_ROWS), STUDY_VALUE.c.keyword == SOP_CLASSES_IN_STUDY)
    .order_by(STUDY_VALUE.c.value)
)
_SAME_PATIENT = STUDY.alias()
_PATIENTS = (
    select(
        STUDY.c.id,
        func.count(_SAME_PATIENT.c.id.distinct()),
        func.count(SERIES.c.id),
        func.sum(SERIES.c.number_of_instances),
    )
    .where(
        STUDY.c.id.in_(_ROWS),
        STUDY.c.patient_id != "",
        _SAME_PATIENT.c.patient_id == STUDY.c.patient_id,
        _SAME_PATIENT.c.issuer_of_patient_id == STUDY.c.issuer_of_patient_id,
        SERIES.c.study_row == _SAME_PATIENT.c.id,
    )
    .group_by(STUDY.c.id)
)


def search_studies(connection: Connection, query: Query) -> list[StudyMatch]:
    """Studies, newest StudyDate first, then newest stored first."""
    rows = _page(connection, query)
    studies = _studies(connection, rows, query)
    return [studies[row] for row in rows]


def search_series(connection: Connection, query: Query) -> list[SeriesMatch]:
    """Series, in stored order."""
    rows = _page(connection, query)
    series = _series(connection, rows, query)
    return [series[row] for row in rows]


def search_instances(connection: Connection, query: Query) -> list[InstanceMatch]:
    """Instances, in stored order."""
    rows = _page(connection, query)
    found = {row: rest for chunk in chunks(rows) for row, *rest in connection.execute(_INSTANCES, {"rows": chunk})}
    series = _series(connection, {series_row for series_row, *_ in found.values()}, query)
    documents = _metadata(connection, rows) if query.whole_metadata else {}
    return [
        InstanceMatch(attributes, series[series_row], documents.get(row), transfer_syntax_uid)
        for row in rows
        for series_row, attributes, transfer_syntax_uid in [found[row]]
    ]


def count_matches(connection: Connection, query: Query, at_most: int) -> int:
    """How many rows match, whatever limit and offset; no more than ``at_most`` are counted."""
    matches = _matches(connection, query)
    if asks_code(connection, query.terms):
        return sum(1 for _ in islice(judged_rows(connection, query, matches), at_most))
    counted = select(func.count()).select_from(matches.limit(at_most).subquery())
    with judging(connection, query.terms):
        return connection.scalars(counted).one()


def _page(connection: Connection, query: Query) -> list[int]:
    """The row numbers of a page, in order."""
    matches = _matches(connection, query)
    if asks_code(connection, query.terms):
        return list(islice(judged_rows(connection, query, matches), query.offset, query.offset + query.limit))
    page = matches.limit(query.limit).offset(query.offset)
    with judging(connection, query.terms):
        return [row for *_, row in connection.execute(page)]


def _matches(connection: Connection, query: Query) -> Statement:
    beginnings = Beginnings(connection, query)
    return beginnings.matches(beginnings.choose())


def _series(connection: Connection, rows: Collection[int], query: Query) -> dict[int, SeriesMatch]:
    found = [row for chunk in chunks(rows) for row in connection.execute(_SERIES, {"rows": chunk})]
    studies = _studies(connection, {study_row for _, study_row, _, _ in found}, query)
    return {
        row: SeriesMatch(attributes, studies[study_row], number_of_instances)
        for row, study_row, attributes, number_of_instances in found
    }


def _studies(connection: Connection, rows: Collection[int], query: Query) -> dict[int, StudyMatch]:
    attributes: dict[int, bytes] = {}
    modalities: defaultdict[int, set[str]] = defaultdict(set)
    series: defaultdict[int, int] = defaultdict(int)
    instances: defaultdict[int, int] = defaultdict(int)
    for chunk in chunks(rows):
        found = connection.execute(_STUDIES, {"rows": chunk})
        for row, document, modality, number_of_series, number_of_instances in found:
            attributes[row] = document
            modalities[row].add(modality)
            series[row] += number_of_series
            instances[row] += number_of_instances
    sop_classes = _sop_classes(connection, rows) if query.sop_classes else {}
    patients = _patients(connection, rows) if query.patient_counts else {}
    return {
        row: StudyMatch(
            attributes[row],
            tuple(sorted(modalities[row] - {""})),
            series[row],
            instances[row],
            sop_classes.get(row),
            patients.get(row),
        )
        for row in attributes
    }


def _sop_classes(connection: Connection, rows: Collection[int]) -> dict[int, tuple[str, ...]]:
    found: defaultdict[int, tuple[str, ...]] = defaultdict(tuple)
    for chunk in chunks(rows):
        for row, sop_class_uid in connection.execute(_SOP_CLASSES, {"rows": chunk}):
            found[row] += (sop_class_uid,)
    return found


def _patients(connection: Connection, rows: Collection[int]) -> dict[int, PatientCounts]:
    return {
        row: PatientCounts(*counts)
        for chunk in chunks(rows)
        for row, *counts in connection.execute(_PATIENTS, {"rows": chunk})
    }


def _metadata(connection: Connection, rows: Collection[int]) -> dict[int, bytes]:
    return {row: document for chunk in chunks(rows) for row, document in connection.execute(_METADATA, {"rows": chunk})}
