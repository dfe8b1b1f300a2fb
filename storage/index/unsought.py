"""What conditions compare, or ask for, without offering the database an index for it.

A database that has no statistics, or old ones, cannot tell a good index from a bad one; with these, a statement leaves
it one to choose.
"""

from typing import Any, TypeVar

from sqlalchemy import Boolean, ColumnElement, Exists, Integer, literal_column, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

_Value = TypeVar("_Value")


class Unsought(FunctionElement[_Value]):
    """A column's value, which a database takes for that of an expression and so does not seek, nor sort, by an index.

    The column is of text or of whole numbers.
    """

    inherit_cache = True
    name = "unsought"

    def __init__(self, column: ColumnElement[_Value]) -> None:
        super().__init__(column)
        self.type = column.type


def for_each_row(*conditions: ColumnElement[bool]) -> Exists:
    """That rows exist for which the conditions hold, asked for one row of what is searched after the other.

    PostgreSQL might find all such rows first instead, of the whole archive; OFFSET keeps it from that.
    """
    return select(literal_column("1")).where(*conditions).suffix_with("OFFSET 0", dialect="postgresql").exists()


class Checked(FunctionElement[bool]):
    """That a condition holds, of which PostgreSQL is told nothing that it could judge its rarity by.

    What it cannot judge it takes to hold for every other row, and so looks for it along the order of results. It would
    read an index as a whole, and sort, if it took it to hold for hardly any.
    """

    inherit_cache = True
    name = "checked"
    type = Boolean()


@compiles(Unsought)
def _as_expression(element: Unsought[Any], compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.clauses, **options)
    # The type is kept: what has another one, PostgreSQL does not merge in order with the column itself.
    return f"({column} + 0)" if isinstance(element.type, Integer) else f"CAST({column} || '' AS VARCHAR)"


@compiles(Unsought, "sqlite")
def _with_plus(element: Unsought[Any], compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


@compiles(Checked)
def _as_case(element: Checked, compiler: SQLCompiler, **options: Any) -> str:
    return f"CASE WHEN {compiler.process(element.clauses, **options)} THEN true ELSE false END"
