"""Statements that every addition runs: compiled to text once, then given to the driver as they are.

To find the compiled form again takes SQLAlchemy ten times as long as it takes SQLite to run such a statement. Values
are text, bytes and integers, which drivers take and give as they are. The connection must be in a transaction already:
what passes SQLAlchemy by does not begin one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Select, Table, Update, bindparam, insert
from sqlalchemy.sql.compiler import SQLCompiler


class Lookup:
    """A SELECT with one parameter, ``values``, which is ``expanding``: the texts that a column is IN."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._texts: dict[tuple[type[Dialect], int], str] = {}
        """By dialect and number of values."""

    def rows(self, connection: Connection, values: Sequence[str | None]) -> Sequence[tuple[Any, ...]]:
        """The rows found for the values of one chunk (``storage.index.chunks``), so for no more than CHUNK_SIZE."""
        kind = type(connection.dialect), len(values)
        if kind not in self._texts:
            self._texts[kind] = str(_compiled(self._statement.params(values=values), connection))
        cursor = connection.connection.cursor()
        cursor.execute(self._texts[kind], tuple(values))
        return cursor.fetchall()


class Write:
    """An INSERT or UPDATE of one row, run for each of many."""

    def __init__(self, statement: Insert | Update) -> None:
        self._statement = statement
        self._prepared: dict[type[Dialect], tuple[str, list[str]]] = {}
        """By dialect: the text, and the names of its parameters in their order."""

    def run(self, connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
        """Write rows, given as parameters by name."""
        kind = type(connection.dialect)
        if kind not in self._prepared:
            compiled = _compiled(self._statement, connection)
            self._prepared[kind] = str(compiled), compiled.positiontup or []
        text, names = self._prepared[kind]
        connection.connection.cursor().executemany(text, [tuple(row[name] for name in names) for row in rows])


def insert_row(table: Table) -> Insert:
    """An INSERT of a row with all its columns, but for the number that the database gives it."""
    return insert(table).values({column: bindparam(column.name) for column in table.c if not column.primary_key})


def _compiled(statement: Select[Any] | Insert | Update, connection: Connection) -> SQLCompiler:
    return statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
