"""Reading what is stored under a key: one instance, or those of a study or series, batch by batch."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, bindparam, select

from storage.index.chunks import chunks
from storage.index.scope import in_scope
from storage.index.tables import INSTANCE, INSTANCE_FORM, INSTANCE_METADATA, INSTANCE_RANGES, SERIES, STUDY
from storage.records import StoredInstance
from storage.resource import Level, ResourceKey

_KEYS: BindParameter[list[str]] = bindparam("keys", expanding=True)

BEFORE_FIRST_ROW = 0
"""A row number below all others, from which reading in batches starts."""

METADATA_BATCH_BYTES = 4 << 20
"""Bytes of DICOM JSON documents that make a batch: one of an enhanced instance alone can be of several million."""

_IDENTITY = (
    INSTANCE.c.id,
    STUDY.c.study_instance_uid,
    SERIES.c.series_instance_uid,
    INSTANCE.c.sop_instance_uid,
    INSTANCE.c.sop_class_uid,
    INSTANCE.c.transfer_syntax_uid,
    INSTANCE.c.blob_key,
    INSTANCE.c.size,
    INSTANCE.c.sha256,
)

_WITH_PARENTS = INSTANCE.join(SERIES, INSTANCE.c.series_row == SERIES.c.id).join(
    STUDY, INSTANCE.c.study_row == STUDY.c.id
)
_WITH_METADATA = INSTANCE.join(INSTANCE_METADATA, INSTANCE_METADATA.c.instance_row == INSTANCE.c.id)

_INSTANCES = select(*_IDENTITY).select_from(_WITH_PARENTS)
_METADATA = select(INSTANCE.c.id, INSTANCE_METADATA.c.document).select_from(_WITH_METADATA)

_BY_UIDS = (
    STUDY.c.study_instance_uid == bindparam("study_instance_uid"),
    SERIES.c.series_instance_uid == bindparam("series_instance_uid"),
    INSTANCE.c.sop_instance_uid == bindparam("sop_instance_uid"),
)

INSTANCE_BY_UIDS = _INSTANCES.where(*_BY_UIDS)
"""One row for ``stored_instance``, by the three UIDs of its key."""

METADATA_BY_UIDS = (
    select(INSTANCE_METADATA.c.document)
    .select_from(_WITH_PARENTS.join(INSTANCE_METADATA, INSTANCE_METADATA.c.instance_row == INSTANCE.c.id))
    .where(*_BY_UIDS)
)
"""The DICOM JSON document of one instance, by the three UIDs of its key."""

FRAME_INDEX = select(INSTANCE_RANGES.c.frame_index).where(INSTANCE_RANGES.c.instance_row == bindparam("row"))
"""The frame index of an instance, by its row."""

BULK_INDEX = select(INSTANCE_RANGES.c.bulk_index).where(INSTANCE_RANGES.c.instance_row == bindparam("row"))
"""The bulk index of an instance, by its row."""

FORM = select(
    INSTANCE_FORM.c.transfer_syntax_uid,
    INSTANCE_FORM.c.blob_key,
    INSTANCE_FORM.c.size,
    INSTANCE_FORM.c.sha256,
    INSTANCE_FORM.c.frame_index,
).where(INSTANCE_FORM.c.instance_row == bindparam("row"))
"""The values of an ``InstanceForm``, by the row of the instance."""


def stored_instance(row: Sequence[Any]) -> StoredInstance:
    """The value of a row of ``INSTANCE_BY_UIDS``."""
    return StoredInstance(row[0], ResourceKey(row[1], row[2], row[3]), *row[4:])


def read_instances(connection: Connection, key: ResourceKey, after: int, size: int) -> list[StoredInstance]:
    """At most ``size`` instances of a study or series (or just one), in stored order, with rows above ``after``."""
    return [stored_instance(row) for row in connection.execute(_batch(_INSTANCES, key, after, size))]


def read_metadata(connection: Connection, key: ResourceKey, after: int, size: int) -> list[tuple[int, bytes]]:
    """The same for metadata: row numbers and DICOM JSON documents, no more of them than METADATA_BATCH_BYTES hold.

    One document longer than that is a batch of its own.
    """
    batch: list[tuple[int, bytes]] = []
    left = METADATA_BATCH_BYTES
    for row, document in connection.execute(_batch(_METADATA, key, after, size)):
        batch.append((row, document))
        left -= len(document)
        if left <= 0:
            break
    return batch


def read_known_blob_keys(connection: Connection, keys: Collection[str]) -> set[str]:
    """Those of the blob keys that an instance or its other form names."""
    named = [select(table.c.blob_key).where(table.c.blob_key.in_(_KEYS)) for table in (INSTANCE, INSTANCE_FORM)]
    return {
        key for chunk in chunks(keys) for found in named for key in connection.scalars(found, {"keys": list(chunk)})
    }


def _batch(rows: Select[Any], key: ResourceKey, after: int, size: int) -> Select[Any]:
    """Keyset pagination: however far a reader has come, its next batch is one seek away."""
    return rows.where(INSTANCE.c.id > after, *in_scope(Level.INSTANCE, key)).order_by(INSTANCE.c.id).limit(size)
