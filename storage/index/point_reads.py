"""Reads of one row by its key, for every request of a frame: microseconds each, run where they are called.

A thread hop or a session costs a hundred times the look-up itself, so these go straight to the driver, with
statements compiled to text once. Readers of a file in WAL mode are not blocked by writers.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects import sqlite

from storage.index.failures import translated
from storage.index.reading import BULK_INDEX, FORM, FRAME_INDEX, INSTANCE_BY_UIDS, METADATA_BY_UIDS, stored_instance
from storage.index.revision import REVISION, level_of, revision
from storage.index.sqlite_connections import connect
from storage.records import InstanceForm, StoredInstance
from storage.resource import ResourceKey

_BUSY_TIMEOUT = 0.25
"""Seconds to wait when a process that ends or recovers holds the file: short, since the event loop waits too."""

_Parameters = Mapping[str, str | int | None]


def _text(statement: Select[Any]) -> str:
    return str(statement.compile(dialect=sqlite.dialect(paramstyle="named")))


_INSTANCE_BY_UIDS = _text(INSTANCE_BY_UIDS)
_METADATA_BY_UIDS = _text(METADATA_BY_UIDS)
_REVISION = {level: _text(statement) for level, statement in REVISION.items()}
_FRAME_INDEX = _text(FRAME_INDEX)
_BULK_INDEX = _text(BULK_INDEX)
_FORM = _text(FORM)


def _uids(key: ResourceKey) -> _Parameters:
    return {
        "study_instance_uid": key.study_instance_uid,
        "series_instance_uid": key.series_instance_uid,
        "sop_instance_uid": key.sop_instance_uid,
    }


class PointReads:
    """One driver connection, used by the event loop only. Every read sees all that is committed when it begins."""

    def __init__(self, path: Path) -> None:
        self._connection = connect(path, _BUSY_TIMEOUT)

    def instance(self, key: ResourceKey) -> StoredInstance | None:
        """One instance by its three UIDs."""
        row = self._row(_INSTANCE_BY_UIDS, _uids(key))
        return None if row is None else stored_instance(row)

    def metadata(self, key: ResourceKey) -> bytes | None:
        """The DICOM JSON document of one instance by its three UIDs."""
        return self._bytes(_METADATA_BY_UIDS, _uids(key))

    def revision(self, key: ResourceKey) -> bytes | None:
        """What changes whenever what is stored under a key does."""
        row = self._row(_REVISION[level_of(key)], _uids(key))
        return None if row is None else revision(*row)

    def frame_index(self, row: int) -> bytes | None:
        """The frame index of the instance with this row number."""
        return self._bytes(_FRAME_INDEX, {"row": row})

    def bulk_index(self, row: int) -> bytes | None:
        """The bulk index of the instance with this row number."""
        return self._bytes(_BULK_INDEX, {"row": row})

    def form(self, row: int) -> InstanceForm | None:
        """The other form of the instance with this row number."""
        found = self._row(_FORM, {"row": row})
        return None if found is None else InstanceForm(*found)

    def close(self) -> None:
        """Release the connection."""
        self._connection.close()

    def _bytes(self, statement: str, parameters: _Parameters) -> bytes | None:
        found = self._row(statement, parameters)
        return None if found is None else bytes(found[0])

    def _row(self, statement: str, parameters: _Parameters) -> tuple[Any, ...] | None:
        with translated():
            # fetchall, not fetchone: a statement not read to its end would hold its view of the database open
            rows = self._connection.execute(statement, parameters).fetchall()
        return rows[0] if rows else None
