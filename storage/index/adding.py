"""Adding instances: what is new is inserted, what is there already is told apart; all in the caller's transaction."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import BindParameter, Connection, bindparam, insert, select, update

from storage.index.chunks import chunks
from storage.index.parents import SeriesRow, searched_values, series_key, series_rows
from storage.index.tables import INSTANCE, INSTANCE_METADATA, INSTANCE_RANGES, SERIES, STUDY
from storage.records import Addition, InstanceRecord
from storage.resource import Level, ResourceKey


class _Content(NamedTuple):
    """What two records of a SOPInstanceUID must share to be the same."""

    key: ResourceKey
    sha256: bytes


_UIDS: BindParameter[list[str]] = bindparam("uids", expanding=True)
_CONTENTS = (
    select(STUDY.c.study_instance_uid, SERIES.c.series_instance_uid, INSTANCE.c.sop_instance_uid, INSTANCE.c.sha256)
    .join_from(INSTANCE, SERIES, INSTANCE.c.series_row == SERIES.c.id)
    .join(STUDY, INSTANCE.c.study_row == STUDY.c.id)
    .where(INSTANCE.c.sop_instance_uid.in_(_UIDS))
)
_ROWS = select(INSTANCE.c.id, INSTANCE.c.sop_instance_uid).where(INSTANCE.c.sop_instance_uid.in_(_UIDS))
_ADD_TO_COUNT = (
    update(SERIES)
    .where(SERIES.c.id == bindparam("series_row"))
    .values(number_of_instances=SERIES.c.number_of_instances + bindparam("added"))
)


def add_instances(connection: Connection, records: Sequence[InstanceRecord]) -> list[Addition]:
    """Add records, with rows for the studies and series that they are the first to name; the outcome of each.

    The transaction must keep other writers out, or else fail when another one adds the same rows meanwhile.
    """
    present = _present_contents(connection, records)
    outcomes: list[Addition] = []
    new: list[InstanceRecord] = []
    for record in records:
        offered = _Content(record.key, record.sha256)
        content = present.setdefault(record.key.sop_instance_uid, offered)
        if content is offered:
            new.append(record)
            outcomes.append(Addition.ADDED)
        else:
            outcomes.append(Addition.IDENTICAL if content == offered else Addition.CONFLICT)
    if new:
        _insert(connection, new)
    return outcomes


def _present_contents(connection: Connection, records: Sequence[InstanceRecord]) -> dict[str | None, _Content]:
    return {
        sop_instance_uid: _Content(ResourceKey(study_instance_uid, series_instance_uid, sop_instance_uid), sha256)
        for uids in chunks([record.key.sop_instance_uid for record in records])
        for study_instance_uid, series_instance_uid, sop_instance_uid, sha256 in connection.execute(
            _CONTENTS, {"uids": uids}
        )
    }


def _insert(connection: Connection, records: Sequence[InstanceRecord]) -> None:
    parents = series_rows(connection, records)
    rows = [_instance_columns(record, parents[series_key(record)]) for record in records]
    connection.execute(insert(INSTANCE), rows)
    _insert_documents(connection, records)
    _count(connection, (parents[series_key(record)].series_row for record in records))


def _instance_columns(record: InstanceRecord, parents: SeriesRow) -> dict[str, object]:
    return searched_values(record, Level.INSTANCE) | {
        "study_row": parents.study_row,
        "series_row": parents.series_row,
        "sop_instance_uid": record.key.sop_instance_uid,
        "sop_class_uid": record.sop_class_uid,
        "transfer_syntax_uid": record.transfer_syntax_uid,
        "blob_key": record.blob_key,
        "size": record.size,
        "sha256": record.sha256,
        "attributes": record.instance_attributes,
    }


def _insert_documents(connection: Connection, records: Sequence[InstanceRecord]) -> None:
    record_of = {record.key.sop_instance_uid: record for record in records}
    rows = [
        (row, record_of[uid]) for uids in chunks(record_of) for row, uid in connection.execute(_ROWS, {"uids": uids})
    ]
    rows.sort(key=lambda pair: pair[0])  # rows in order fill the pages of a table from end to end
    documents = [{"instance_row": row, "document": record.metadata} for row, record in rows]
    ranges = [
        {"instance_row": row, "frame_index": record.frame_index, "bulk_index": record.bulk_index}
        for row, record in rows
    ]
    connection.execute(insert(INSTANCE_METADATA), documents)
    connection.execute(insert(INSTANCE_RANGES), ranges)


def _count(connection: Connection, series_of_instances: Iterable[int]) -> None:
    counts = [{"series_row": row, "added": added} for row, added in Counter(series_of_instances).items()]
    connection.execute(_ADD_TO_COUNT, counts)
