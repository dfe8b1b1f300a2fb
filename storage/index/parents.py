"""The rows of studies and series that instances belong to, found or made from the first record that names them."""

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from sqlalchemy import BindParameter, Connection, bindparam, insert, select

from storage.attributes import INDEXED_ATTRIBUTES, Kind
from storage.index.chunks import chunks
from storage.index.prepared import Lookup, Write, insert_row
from storage.index.study_values import add_modalities, add_names
from storage.index.tables import SERIES, SERIES_VALUE, STUDY, column_names
from storage.records import InstanceRecord
from storage.resource import Level

_LISTS = [row.keyword for row in INDEXED_ATTRIBUTES.values() if row.kind is Kind.LIST]
_COLUMNS = {
    level: [(row.keyword, column_names(row)) for row in INDEXED_ATTRIBUTES.values() if row.level is level]
    for level in Level
}

_Key = TypeVar("_Key", bound=Hashable)

_UIDS: BindParameter[list[str]] = bindparam("values", expanding=True)
_STUDIES = Lookup(select(STUDY.c.study_instance_uid, STUDY.c.id).where(STUDY.c.study_instance_uid.in_(_UIDS)))
_SERIES = Lookup(
    select(STUDY.c.study_instance_uid, SERIES.c.series_instance_uid, STUDY.c.id, SERIES.c.id)
    .join_from(SERIES, STUDY, SERIES.c.study_row == STUDY.c.id)
    .where(SERIES.c.series_instance_uid.in_(_UIDS))
)
_INSERT_STUDY = Write(insert_row(STUDY))
_INSERT_SERIES = Write(insert_row(SERIES))
_INSERT_SERIES_VALUE = Write(insert(SERIES_VALUE))


class SeriesKey(NamedTuple):
    """A series within its study."""

    study_instance_uid: str | None
    series_instance_uid: str | None


class SeriesRow(NamedTuple):
    """The row numbers of a series and its study."""

    study_row: int
    series_row: int


def series_key(record: InstanceRecord) -> SeriesKey:
    """The series of an instance."""
    return SeriesKey(record.key.study_instance_uid, record.key.series_instance_uid)


def searched_values(record: InstanceRecord, level: Level) -> dict[str, object]:
    """The columns of searched values of a level, by name; an absent value is the empty text."""
    row: dict[str, object] = {}
    for keyword, names in _COLUMNS[level]:
        values = record.index_values.get(keyword, ())
        for position, name in enumerate(names):
            row[name] = values[position] if position < len(values) else ""
    return row


def series_rows(connection: Connection, records: Sequence[InstanceRecord]) -> dict[SeriesKey, SeriesRow]:
    """The rows of the records' series and studies; what is missing is added."""
    firsts = _firsts(records, series_key)
    rows = _find_series(connection, firsts)
    missing = {key: record for key, record in firsts.items() if key not in rows}
    if missing:
        study_rows = _study_rows(connection, list(missing.values()))
        new = [_series_columns(record, study_rows[key.study_instance_uid]) for key, record in missing.items()]
        _INSERT_SERIES.run(connection, new)
        rows |= _find_series(connection, missing)
        add_modalities(connection, [(rows[key].study_row, record) for key, record in missing.items()])
        _add_listed_values(connection, [(rows[key].series_row, record) for key, record in missing.items()])
    return rows


def _firsts(records: Sequence[InstanceRecord], key: Callable[[InstanceRecord], _Key]) -> dict[_Key, InstanceRecord]:
    """The first record of each key, in the order of the records, which becomes that of the rows."""
    firsts: dict[_Key, InstanceRecord] = {}
    for record in records:
        firsts.setdefault(key(record), record)
    return firsts


def _study_rows(connection: Connection, records: Sequence[InstanceRecord]) -> dict[str | None, int]:
    firsts = _firsts(records, lambda record: record.key.study_instance_uid)
    rows = _find_studies(connection, firsts)
    missing = [uid for uid in firsts if uid not in rows]
    if missing:
        _INSERT_STUDY.run(connection, [_study_columns(firsts[uid]) for uid in missing])
        rows |= _find_studies(connection, missing)
        add_names(connection, [(rows[uid], firsts[uid]) for uid in missing])
    return rows


def _find_studies(connection: Connection, uids: Collection[str | None]) -> dict[str | None, int]:
    return {uid: row for chunk in chunks(uids) for uid, row in _STUDIES.rows(connection, chunk)}


def _find_series(connection: Connection, keys: Collection[SeriesKey]) -> dict[SeriesKey, SeriesRow]:
    """The rows of those that are there; also of a series with the UID of one of them in another study."""
    return {
        SeriesKey(study_instance_uid, series_instance_uid): SeriesRow(study_row, series_row)
        for chunk in chunks({key.series_instance_uid for key in keys})
        for study_instance_uid, series_instance_uid, study_row, series_row in _SERIES.rows(connection, chunk)
    }


def _study_columns(record: InstanceRecord) -> dict[str, object]:
    return searched_values(record, Level.STUDY) | {
        "study_instance_uid": record.key.study_instance_uid,
        "attributes": record.study_attributes,
    }


def _series_columns(record: InstanceRecord, study_row: int) -> dict[str, object]:
    return searched_values(record, Level.SERIES) | {
        "study_row": study_row,
        "series_instance_uid": record.key.series_instance_uid,
        "number_of_instances": 0,
        "attributes": record.series_attributes,
    }


def _add_listed_values(connection: Connection, series: Iterable[tuple[int, InstanceRecord]]) -> None:
    rows = [
        {"series_row": row, "keyword": keyword, "value": value}
        for row, record in series
        for keyword in _LISTS
        for value in dict.fromkeys(record.index_values.get(keyword, ()))
    ]
    if rows:
        _INSERT_SERIES_VALUE.run(connection, rows)
