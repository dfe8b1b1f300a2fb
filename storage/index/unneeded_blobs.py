"""Blobs that no instance names any more, from the transaction that removes the instance until the bytes are gone."""

import time
from collections.abc import Collection, Sequence

from sqlalchemy import BigInteger, ColumnElement, Connection, delete, exists, insert, literal, select

from storage.index.chunks import chunks
from storage.index.tables import INSTANCE, UNNEEDED_BLOB


def note_unneeded_blobs(connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> None:
    """Write down the blobs of the instances for which the conditions hold, and which are about to be removed."""
    blobs = select(INSTANCE.c.blob_key, literal(int(time.time()), BigInteger())).where(*conditions)
    connection.execute(insert(UNNEEDED_BLOB).from_select(["blob_key", "since"], blobs))


def read_unneeded_blobs(connection: Connection, seconds: float, limit: int) -> list[str]:
    """Keys of at most ``limit`` blobs that have been unneeded for ``seconds`` or longer, the longest first."""
    # The last guard before bytes are deleted for good: whatever was written down, a blob that a row names stays.
    is_named = exists().where(INSTANCE.c.blob_key == UNNEEDED_BLOB.c.blob_key)
    due = select(UNNEEDED_BLOB.c.blob_key).where(UNNEEDED_BLOB.c.since <= int(time.time() - seconds), ~is_named)
    return list(connection.scalars(due.order_by(UNNEEDED_BLOB.c.since).limit(limit)))


def forget_blobs(connection: Connection, keys: Collection[str]) -> None:
    """Strike out blobs whose bytes are gone."""
    for chunk in chunks(keys):
        connection.execute(delete(UNNEEDED_BLOB).where(UNNEEDED_BLOB.c.blob_key.in_(chunk)))
