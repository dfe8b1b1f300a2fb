"""Adding instances: what is there already is told apart, what is replaced goes, what is new is inserted.

All of it is in the caller's transaction, which must keep other writers out, or else fail when another one adds the same
rows meanwhile.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from sqlalchemy import BindParameter, Connection, bindparam, insert, select, update

from storage.index.chunks import chunks
from storage.index.duplicates import Content, decide, digests
from storage.index.parents import SeriesRow, searched_values, series_key, series_rows
from storage.index.prepared import Lookup, Write, insert_row
from storage.index.removing import remove_instances
from storage.index.study_values import add_sop_classes
from storage.index.tables import INSTANCE, INSTANCE_FORM, INSTANCE_METADATA, INSTANCE_RANGES, SERIES, STUDY
from storage.records import Addition, DuplicatePolicy, InstanceRecord
from storage.resource import Level, ResourceKey

_UIDS: BindParameter[list[str]] = bindparam("values", expanding=True)
_CONTENTS = Lookup(
    select(
        STUDY.c.study_instance_uid,
        SERIES.c.series_instance_uid,
        INSTANCE.c.sop_instance_uid,
        INSTANCE.c.sha256,
        INSTANCE.c.received_sha256,
        INSTANCE.c.blob_key,
    )
    .join_from(INSTANCE, SERIES, INSTANCE.c.series_row == SERIES.c.id)
    .join(STUDY, INSTANCE.c.study_row == STUDY.c.id)
    .where(INSTANCE.c.sop_instance_uid.in_(_UIDS))
)
_ROWS = Lookup(select(INSTANCE.c.sop_instance_uid, INSTANCE.c.id).where(INSTANCE.c.sop_instance_uid.in_(_UIDS)))
_INSERT_INSTANCE = Write(insert_row(INSTANCE))
_INSERT_METADATA = Write(insert(INSTANCE_METADATA))
_INSERT_RANGES = Write(insert(INSTANCE_RANGES))
_INSERT_FORM = Write(insert(INSTANCE_FORM))
_ADD_TO_COUNT = Write(
    update(SERIES)
    .where(SERIES.c.id == bindparam("series_row"))
    .values(number_of_instances=SERIES.c.number_of_instances + bindparam("added"))
)


def add_instances(
    connection: Connection, records: Sequence[InstanceRecord], duplicates: DuplicatePolicy
) -> list[Addition]:
    """Add records, with rows for the studies and series that they are the first to name; what became of each."""
    decision = decide(records, stored_contents(connection, records), duplicates)
    if decision.replaced:
        remove_instances(connection, decision.replaced)
    if decision.new:
        _insert(connection, decision.new)
    return decision.additions


def stored_contents(connection: Connection, records: Sequence[InstanceRecord]) -> dict[str | None, Content]:
    """What is stored under the SOPInstanceUIDs of the records."""
    return {
        uids[2]: Content(ResourceKey(*uids), digests(sha256, received), blob_key)
        for chunk in chunks([record.key.sop_instance_uid for record in records])
        for *uids, sha256, received, blob_key in _CONTENTS.rows(connection, chunk)
    }


def _insert(connection: Connection, records: Sequence[InstanceRecord]) -> None:
    parents = series_rows(connection, records)
    rows = [_instance_columns(record, parents[series_key(record)]) for record in records]
    _INSERT_INSTANCE.run(connection, rows)
    _insert_documents(connection, records)
    add_sop_classes(connection, [(parents[series_key(record)].study_row, record) for record in records])
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
        "received_sha256": record.received_sha256,
        "attributes": record.instance_attributes,
    }


def _insert_documents(connection: Connection, records: Sequence[InstanceRecord]) -> None:
    uids = [record.key.sop_instance_uid for record in records]
    row_of = {uid: row for chunk in chunks(uids) for uid, row in _ROWS.rows(connection, chunk)}
    documents: list[dict[str, object]] = []
    ranges: list[dict[str, object]] = []
    for record in records:
        row = row_of[record.key.sop_instance_uid]
        documents.append({"instance_row": row, "document": record.metadata})
        ranges.append({"instance_row": row, "frame_index": record.frame_index, "bulk_index": record.bulk_index})
    _INSERT_METADATA.run(connection, documents)
    _INSERT_RANGES.run(connection, ranges)
    forms = [(row_of[record.key.sop_instance_uid], record.form) for record in records if record.form is not None]
    if forms:
        _INSERT_FORM.run(connection, [{"instance_row": row} | asdict(form) for row, form in forms])


def _count(connection: Connection, series_of_instances: Iterable[int]) -> None:
    counts = [{"series_row": row, "added": added} for row, added in Counter(series_of_instances).items()]
    _ADD_TO_COUNT.run(connection, counts)
