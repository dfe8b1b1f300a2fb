"""Columns that conditions compare without offering the database an index for it."""

from typing import Any, TypeVar

from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

_Value = TypeVar("_Value")


class Unsought(FunctionElement[_Value]):
    """A column's value, which SQLite takes for that of an expression and so does not seek, nor sort, by an index.

    Without statistics it cannot tell a good index from a bad one; with this, a statement leaves it one to choose.
    """

    inherit_cache = True
    name = "unsought"

    def __init__(self, column: ColumnElement[_Value]) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(Unsought)
def _as_it_is(element: Unsought[Any], compiler: SQLCompiler, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(Unsought, "sqlite")
def _as_expression(element: Unsought[Any], compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"
