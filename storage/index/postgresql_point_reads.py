"""Reads of one row by its key, for every request of a frame: one round trip each, past SQLAlchemy."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.index.postgresql_connections import again_when_interrupted
from storage.index.postgresql_failures import DATABASE_ERRORS
from storage.index.reading import BULK_INDEX, FORM, FRAME_INDEX, INSTANCE_BY_UIDS, METADATA_BY_UIDS, stored_instance
from storage.index.revision import REVISION, level_of, revision
from storage.records import InstanceForm, StoredInstance
from storage.resource import ResourceKey

SECONDS = 10.0
"""Seconds that a read may take, which is a thousand times what it does, until the database is taken for gone."""


class _Statement:
    """A SELECT as text, and the names of its parameters in their order."""

    def __init__(self, statement: Select[Any]) -> None:
        compiled = statement.compile(dialect=asyncpg.dialect())  # type: ignore[no-untyped-call]
        self.text = str(compiled)
        self.names: list[str] = compiled.positiontup or []


_INSTANCE_BY_UIDS = _Statement(INSTANCE_BY_UIDS)
_METADATA_BY_UIDS = _Statement(METADATA_BY_UIDS)
_REVISION = {level: _Statement(statement) for level, statement in REVISION.items()}
_FRAME_INDEX = _Statement(FRAME_INDEX)
_BULK_INDEX = _Statement(BULK_INDEX)
_FORM = _Statement(FORM)


def _uids(key: ResourceKey) -> dict[str, str | None]:
    return {
        "study_instance_uid": key.study_instance_uid,
        "series_instance_uid": key.series_instance_uid,
        "sop_instance_uid": key.sop_instance_uid,
    }


class PointReads:
    """Each read sees all that is committed when it begins, and holds a connection of the pool for as long as it takes.

    All raise StorageUnavailable.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def instance(self, key: ResourceKey) -> StoredInstance | None:
        """One instance by its three UIDs."""
        row = await self._row(_INSTANCE_BY_UIDS, _uids(key))
        return None if row is None else stored_instance(row)

    async def metadata(self, key: ResourceKey) -> bytes | None:
        """The DICOM JSON document of one instance by its three UIDs."""
        return await self._bytes(_METADATA_BY_UIDS, _uids(key))

    async def revision(self, key: ResourceKey) -> bytes | None:
        """What changes whenever what is stored under a key does."""
        row = await self._row(_REVISION[level_of(key)], _uids(key))
        return None if row is None else revision(*row)

    async def frame_index(self, row: int) -> bytes | None:
        """The frame index of the instance with this row number."""
        return await self._bytes(_FRAME_INDEX, {"row": row})

    async def bulk_index(self, row: int) -> bytes | None:
        """The bulk index of the instance with this row number."""
        return await self._bytes(_BULK_INDEX, {"row": row})

    async def form(self, row: int) -> InstanceForm | None:
        """The other form of the instance with this row number."""
        found = await self._row(_FORM, {"row": row})
        return None if found is None else InstanceForm(*found)

    async def _bytes(self, statement: _Statement, parameters: Mapping[str, object]) -> bytes | None:
        found = await self._row(statement, parameters)
        return None if found is None else bytes(found[0])

    async def _row(self, statement: _Statement, parameters: Mapping[str, object]) -> Sequence[Any] | None:
        values = [parameters[name] for name in statement.names]
        return await again_when_interrupted(lambda: self._row_of(statement.text, values))

    async def _row_of(self, text: str, values: Sequence[object]) -> Sequence[Any] | None:
        pooled = await self._engine.raw_connection()
        try:
            row = await pooled.driver_connection.fetchrow(text, *values, timeout=SECONDS)  # type: ignore[union-attr]
        except DATABASE_ERRORS as error:
            pooled.invalidate(error)
            raise
        finally:
            pooled.close()
        return None if row is None else tuple(row)
