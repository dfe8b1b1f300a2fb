"""Records as they were added, read back from the rows: for who copies an archive."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Column, Connection, RowMapping, select

from storage.attributes import INDEXED_ATTRIBUTES, Kind
from storage.index.chunks import chunks
from storage.index.tables import (
    INSTANCE,
    INSTANCE_FORM,
    INSTANCE_METADATA,
    INSTANCE_RANGES,
    SERIES,
    SERIES_VALUE,
    STUDY,
    TABLE_OF,
    column_names,
)
from storage.records import InstanceForm, InstanceRecord
from storage.resource import ResourceKey

_SEARCHED: dict[str, list[Column[str]]] = {
    row.keyword: [TABLE_OF[row.level].c[name] for name in column_names(row)]
    for row in INDEXED_ATTRIBUTES.values()
    if row.kind is not Kind.LIST
}
_RECORDED: tuple[Column[Any], ...] = (
    INSTANCE.c.series_row,
    INSTANCE.c.transfer_syntax_uid,
    INSTANCE.c.blob_key,
    INSTANCE.c.size,
    INSTANCE.c.sha256,
    INSTANCE.c.received_sha256,
    STUDY.c.attributes,
    SERIES.c.attributes,
    INSTANCE.c.attributes,
    INSTANCE_METADATA.c.document,
    INSTANCE_RANGES.c.frame_index,
    INSTANCE_RANGES.c.bulk_index,
    *INSTANCE_FORM.c,
)
_RECORDS = (
    select(*_RECORDED, *(column for columns in _SEARCHED.values() for column in columns))
    .join_from(INSTANCE, SERIES, INSTANCE.c.series_row == SERIES.c.id)
    .join(STUDY, INSTANCE.c.study_row == STUDY.c.id)
    .join(INSTANCE_METADATA, INSTANCE_METADATA.c.instance_row == INSTANCE.c.id)
    .join(INSTANCE_RANGES, INSTANCE_RANGES.c.instance_row == INSTANCE.c.id)
    .outerjoin(INSTANCE_FORM, INSTANCE_FORM.c.instance_row == INSTANCE.c.id)
    .order_by(INSTANCE.c.id)
)
_LISTED = select(SERIES_VALUE.c.series_row, SERIES_VALUE.c.keyword, SERIES_VALUE.c.value)

Values = dict[str, tuple[str, ...]]
"""By the keyword of an indexed attribute."""


def read_records(connection: Connection, rows: Sequence[int]) -> list[InstanceRecord]:
    """The records of the instances with these row numbers, as far as they are there, in stored order."""
    found = [
        row
        for chunk in chunks(sorted(rows))
        for row in connection.execute(_RECORDS.where(INSTANCE.c.id.in_(chunk))).mappings()
    ]
    listed = _listed_values(connection, {row[INSTANCE.c.series_row] for row in found})
    return [_record(row, listed[row[INSTANCE.c.series_row]]) for row in found]


def _listed_values(connection: Connection, series_rows: Collection[int]) -> dict[int, Values]:
    """The values of attributes that may have many, by the row number of the series."""
    values: dict[int, Values] = defaultdict(dict)
    for chunk in chunks(series_rows):
        for series_row, keyword, value in connection.execute(_LISTED.where(SERIES_VALUE.c.series_row.in_(chunk))):
            values[series_row][keyword] = (*values[series_row].get(keyword, ()), value)
    return values


def _record(row: RowMapping, listed: Values) -> InstanceRecord:
    return InstanceRecord(
        key=ResourceKey(
            row[STUDY.c.study_instance_uid], row[SERIES.c.series_instance_uid], row[INSTANCE.c.sop_instance_uid]
        ),
        sop_class_uid=row[INSTANCE.c.sop_class_uid],
        transfer_syntax_uid=row[INSTANCE.c.transfer_syntax_uid],
        blob_key=row[INSTANCE.c.blob_key],
        size=row[INSTANCE.c.size],
        sha256=row[INSTANCE.c.sha256],
        index_values=_searched_values(row) | listed,
        study_attributes=row[STUDY.c.attributes],
        series_attributes=row[SERIES.c.attributes],
        instance_attributes=row[INSTANCE.c.attributes],
        metadata=row[INSTANCE_METADATA.c.document],
        frame_index=row[INSTANCE_RANGES.c.frame_index],
        bulk_index=row[INSTANCE_RANGES.c.bulk_index],
        received_sha256=row[INSTANCE.c.received_sha256],
        form=_form(row),
    )


def _form(row: RowMapping) -> InstanceForm | None:
    columns = INSTANCE_FORM.c
    if row[columns.instance_row] is None:
        return None
    return InstanceForm(
        row[columns.transfer_syntax_uid],
        row[columns.blob_key],
        row[columns.size],
        row[columns.sha256],
        row[columns.frame_index],
    )


def _searched_values(row: RowMapping) -> Values:
    """The values in columns, in which an absent one is the empty text."""
    values: Values = {}
    for keyword, columns in _SEARCHED.items():
        texts = [row[column] for column in columns]
        while texts and not texts[-1]:
            texts.pop()
        if texts:
            values[keyword] = tuple(texts)
    return values
