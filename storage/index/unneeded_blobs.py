"""Blobs that no instance names any more, from the transaction that removes the instance until the bytes are gone."""

import time
from collections.abc import Collection, Sequence

from sqlalchemy import BigInteger, ColumnElement, Connection, delete, exists, insert, literal, or_, select

from storage.index.chunks import chunks
from storage.index.tables import INSTANCE, INSTANCE_FORM, UNNEEDED_BLOB


def note_unneeded_blobs(connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> None:
    """Write down the blobs of the instances for which the conditions hold, and which are about to be removed."""
    now = literal(int(time.time()), BigInteger())
    forms = select(INSTANCE_FORM.c.blob_key, now).join_from(INSTANCE_FORM, INSTANCE)
    for blobs in (select(INSTANCE.c.blob_key, now), forms):
        connection.execute(insert(UNNEEDED_BLOB).from_select(["blob_key", "since"], blobs.where(*conditions)))


def read_unneeded_blobs(connection: Connection, seconds: float, limit: int) -> list[str]:
    """Keys of at most ``limit`` blobs that have been unneeded for ``seconds`` or longer, the longest first."""
    # The last guard before bytes are deleted for good: whatever was written down, a blob that a row names stays.
    is_named = [exists().where(table.c.blob_key == UNNEEDED_BLOB.c.blob_key) for table in (INSTANCE, INSTANCE_FORM)]
    due = select(UNNEEDED_BLOB.c.blob_key).where(UNNEEDED_BLOB.c.since <= int(time.time() - seconds), ~or_(*is_named))
    return list(connection.scalars(due.order_by(UNNEEDED_BLOB.c.since).limit(limit)))


def read_unneeded_keys(connection: Connection, keys: Collection[str]) -> set[str]:
    """Those of the blob keys that are written down."""
    found = select(UNNEEDED_BLOB.c.blob_key)
    column = UNNEEDED_BLOB.c.blob_key
    return {key for chunk in chunks(keys) for key in connection.scalars(found.where(column.in_(chunk)))}


def forget_blobs(connection: Connection, keys: Collection[str]) -> None:
    """Strike out blobs whose bytes are gone."""
    for chunk in chunks(keys):
        connection.execute(delete(UNNEEDED_BLOB).where(UNNEEDED_BLOB.c.blob_key.in_(chunk)))
