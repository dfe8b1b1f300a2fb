"""Statements on the way of every addition: compiled to text once, then given to the driver as they are.

Finding the compiled form of a statement again takes SQLAlchemy several times as long as SQLite takes to run it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Row, Select, Update
from sqlalchemy.sql.compiler import SQLCompiler


class Prepared:
    """A statement whose parameters are text, bytes and integers, which drivers take as they are."""

    def __init__(self, statement: Select[Any] | Insert | Update, columns: Sequence[str] | None = None) -> None:
        """Prepare ``statement``; an Insert without values takes those of ``columns``."""
        self._statement = statement
        self._columns = columns
        self._compiled_for: dict[type[Dialect], SQLCompiler] = {}

    def rows(self, connection: Connection, **parameters: Sequence[str]) -> Sequence[Row[Any]]:
        """Run it once; a parameter that is ``expanding`` takes any number of values."""
        expanded = self._compiled(connection).construct_expanded_state(parameters)
        return connection.exec_driver_sql(expanded.statement, expanded.positional_parameters).all()

    def run_with_each(self, connection: Connection, parameters: Sequence[Mapping[str, object]]) -> None:
        """Run it once for each mapping of parameters by name."""
        compiled = self._compiled(connection)
        names = compiled.positiontup or ()
        connection.exec_driver_sql(str(compiled), [tuple(row[name] for name in names) for row in parameters])

    def _compiled(self, connection: Connection) -> SQLCompiler:
        dialect = connection.dialect
        compiled = self._compiled_for.get(type(dialect))
        if compiled is None:
            compiled = self._statement.compile(dialect=dialect, column_keys=self._columns)
            self._compiled_for[type(dialect)] = compiled
        return compiled
