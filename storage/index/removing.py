"""Removing instances, and the series and studies that are empty then; all in the caller's transaction.

The transaction must keep other writers out, so that nothing is added to a study while it goes.
"""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, func, select, update

from storage.index.chunks import chunks
from storage.index.scope import in_scope
from storage.index.study_values import remove_values
from storage.index.tables import (
    INSTANCE,
    INSTANCE_FORM,
    INSTANCE_METADATA,
    INSTANCE_RANGES,
    SERIES,
    SERIES_VALUE,
    STUDY,
)
from storage.index.unneeded_blobs import note_unneeded_blobs
from storage.resource import Level, ResourceKey

_SUBTRACT_FROM_COUNT = (
    update(SERIES)
    .where(SERIES.c.id == bindparam("series_row"))
    .values(number_of_instances=SERIES.c.number_of_instances - bindparam("removed"))
)


def delete_instances(connection: Connection, key: ResourceKey) -> int:
    """Remove what is stored under a key; the number of instances. Raises ValueError for the whole archive's key."""
    if key == ResourceKey():
        raise ValueError("the key of the whole archive is not one to delete")
    return _remove(connection, in_scope(Level.INSTANCE, key))


def remove_instances(connection: Connection, sop_instance_uids: Collection[str | None]) -> None:
    """Remove instances by their SOPInstanceUIDs."""
    for uids in chunks(sop_instance_uids):
        _remove(connection, [INSTANCE.c.sop_instance_uid.in_(uids)])


def _remove(connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> int:
    """Remove the instances for which the conditions hold, in statements whose number does not depend on theirs."""
    parents = INSTANCE.c.study_row, INSTANCE.c.series_row
    found = connection.execute(select(*parents, func.count()).where(*conditions).group_by(*parents)).all()
    if not found:
        return 0
    note_unneeded_blobs(connection, conditions)
    rows = select(INSTANCE.c.id).where(*conditions)
    for table in (INSTANCE_METADATA, INSTANCE_RANGES, INSTANCE_FORM):
        connection.execute(delete(table).where(table.c.instance_row.in_(rows)))
    connection.execute(delete(INSTANCE).where(*conditions))
    removed = {series_row: count for _, series_row, count in found}
    _subtract(connection, removed)
    study_rows = {study_row for study_row, _, _ in found}
    remove_values(connection, study_rows)
    _remove_empty_studies(connection, study_rows)
    return sum(removed.values())


def _subtract(connection: Connection, removed: Mapping[int, int]) -> None:
    """Count the instances of the series down; those left without any are removed."""
    counts = [{"series_row": row, "removed": count} for row, count in removed.items()]
    connection.execute(_SUBTRACT_FROM_COUNT, counts)
    for rows in chunks(removed):
        empty = select(SERIES.c.id).where(SERIES.c.id.in_(rows), SERIES.c.number_of_instances == 0)
        connection.execute(delete(SERIES_VALUE).where(SERIES_VALUE.c.series_row.in_(empty)))
        connection.execute(delete(SERIES).where(SERIES.c.id.in_(rows), SERIES.c.number_of_instances == 0))


def _remove_empty_studies(connection: Connection, study_rows: Collection[int]) -> None:
    for rows in chunks(study_rows):
        has_series = exists().where(SERIES.c.study_row == STUDY.c.id)
        connection.execute(delete(STUDY).where(STUDY.c.id.in_(rows), ~has_series))
