"""What tells one state of a study, series or instance from all others, at the cost of a few rows.

Row numbers of instances only grow and are never given out twice, so two states of a study or series with the same last
row differ in their number of instances, if at all. The digest of the last instance tells apart what archives hold that
began from the same copy.
"""

from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, bindparam, func, literal_column, select

from storage.index.tables import INSTANCE, SERIES, STUDY
from storage.resource import Level, ResourceKey

_STUDY_ROW = select(STUDY.c.id).where(STUDY.c.study_instance_uid == bindparam("study_instance_uid")).scalar_subquery()
_OF_SERIES = (
    SERIES.c.study_row == _STUDY_ROW,
    SERIES.c.series_instance_uid == bindparam("series_instance_uid"),
)
_SERIES_ROW = select(SERIES.c.id).where(*_OF_SERIES).scalar_subquery()


_ONE: ColumnElement[int] = literal_column("1")


def _state(number_of_instances: ColumnElement[Any], *below: ColumnElement[bool]) -> Select[Any]:
    last = select(func.max(INSTANCE.c.id)).where(*below).scalar_subquery()
    return select(number_of_instances, INSTANCE.c.id, INSTANCE.c.sha256).where(INSTANCE.c.id == last)


def _sum(*of_series: ColumnElement[bool]) -> ScalarSelect[Any]:
    return select(func.sum(SERIES.c.number_of_instances)).where(*of_series).scalar_subquery()


REVISION: dict[Level, Select[Any]] = {
    Level.STUDY: _state(_sum(SERIES.c.study_row == _STUDY_ROW), INSTANCE.c.study_row == _STUDY_ROW),
    Level.SERIES: _state(_sum(*_OF_SERIES), INSTANCE.c.series_row == _SERIES_ROW),
    Level.INSTANCE: _state(
        _ONE,
        INSTANCE.c.sop_instance_uid == bindparam("sop_instance_uid"),
        INSTANCE.c.series_row == _SERIES_ROW,
    ),
}
"""By the level of the key: the number of instances, the last row and its digest; no row where nothing is stored."""


def level_of(key: ResourceKey) -> Level:
    """The level that a key names. Raises ValueError for the key of the whole archive."""
    if key.sop_instance_uid is not None:
        return Level.INSTANCE
    if key.series_instance_uid is not None:
        return Level.SERIES
    if key.study_instance_uid is None:
        raise ValueError("the whole archive has no revision")
    return Level.STUDY


def revision(number_of_instances: int, last_row: int, digest: bytes) -> bytes:
    """The values of a row as one."""
    return b"%d %d " % (number_of_instances, last_row) + digest
