"""What lies below a study, a series or an instance, as SQL conditions.

The row of the study or series is sought first, by itself; what lies below is then one run of an index in stored order.
"""

from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, select

from storage.index.tables import INSTANCE, SERIES, STUDY
from storage.resource import Level, ResourceKey


def in_scope(level: Level, scope: ResourceKey) -> list[ColumnElement[bool]]:
    """What holds for the rows of a level that lie in the scope, or that the scope lies in."""
    match level:
        case Level.STUDY:
            return _equal((STUDY.c.study_instance_uid, scope.study_instance_uid))
        case Level.SERIES:
            return _equal(
                (SERIES.c.study_row, _study_row(scope)), (SERIES.c.series_instance_uid, scope.series_instance_uid)
            )
        case Level.INSTANCE:
            parent = (INSTANCE.c.study_row, _study_row(scope))
            if scope.series_instance_uid is not None:
                parent = (INSTANCE.c.series_row, _series_row(scope))
            return _equal(parent, (INSTANCE.c.sop_instance_uid, scope.sop_instance_uid))


def _equal(*pairs: tuple[ColumnElement[Any], str | ScalarSelect[Any] | None]) -> list[ColumnElement[bool]]:
    return [column == value for column, value in pairs if value is not None]


def _study_row(scope: ResourceKey) -> ScalarSelect[Any] | None:
    if scope.study_instance_uid is None:
        return None
    return select(STUDY.c.id).where(*in_scope(Level.STUDY, scope)).scalar_subquery()


def _series_row(scope: ResourceKey) -> ScalarSelect[Any]:
    return select(SERIES.c.id).where(*in_scope(Level.SERIES, scope)).scalar_subquery()
