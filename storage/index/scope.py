"""What lies below a study, a series or an instance, as SQL conditions.

The row of the study or series is sought first, by itself; what lies below is then one run of an index in stored order.
"""

from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, select

from storage.index.tables import INSTANCE, SERIES, STUDY
from storage.index.unsought import Unsought
from storage.resource import Level, ResourceKey

PARENT_ROWS: dict[Level, dict[Level, ColumnElement[int]]] = {
    Level.STUDY: {},
    Level.SERIES: {Level.STUDY: SERIES.c.study_row},
    Level.INSTANCE: {Level.STUDY: INSTANCE.c.study_row, Level.SERIES: INSTANCE.c.series_row},
}
"""The columns by which a row names those of the levels above it."""


def in_scope(level: Level, scope: ResourceKey, *, sought: bool = True) -> list[ColumnElement[bool]]:
    """What holds for the rows of a level that lie in the scope, or that the scope lies in.

    The conditions lead to an index, unless they are not to be ``sought``.
    """
    values = [(column, value) for column, value in _scope_values(level, scope) if value is not None]
    return [column == value if sought else Unsought(column) == value for column, value in values]


def _scope_values(level: Level, scope: ResourceKey) -> list[tuple[ColumnElement[Any], str | ScalarSelect[Any] | None]]:
    match level:
        case Level.STUDY:
            return [(STUDY.c.study_instance_uid, scope.study_instance_uid)]
        case Level.SERIES:
            return [
                (SERIES.c.study_row, _study_row(scope)),
                (SERIES.c.series_instance_uid, scope.series_instance_uid),
            ]
        case Level.INSTANCE:
            parent = (INSTANCE.c.study_row, _study_row(scope))
            if scope.series_instance_uid is not None:
                parent = (INSTANCE.c.series_row, _series_row(scope))
            return [parent, (INSTANCE.c.sop_instance_uid, scope.sop_instance_uid)]


def _study_row(scope: ResourceKey) -> ScalarSelect[Any] | None:
    if scope.study_instance_uid is None:
        return None
    return select(STUDY.c.id).where(*in_scope(Level.STUDY, scope)).correlate(None).scalar_subquery()


def _series_row(scope: ResourceKey) -> ScalarSelect[Any]:
    return select(SERIES.c.id).where(*in_scope(Level.SERIES, scope)).correlate(None).scalar_subquery()
