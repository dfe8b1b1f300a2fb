"""Stored documents judged by Python code.

SQLite calls the code within a statement, so that LIMIT ends it when a page is full: the code is a function of the
connection for as long as a search takes. Elsewhere statements only pass over the documents that lack the attribute, and
what they find is judged as it comes (``judged_rows``).
"""

import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Connection, and_, func, literal, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from storage.query import AnyTerm, DocumentTerm

_REMEMBERED = 16
"""Documents whose judgment is remembered: what shares a study or series comes one after the other."""

_log = logging.getLogger(__name__)


def document_condition(document: ColumnElement[bytes], term: DocumentTerm, number: int) -> ColumnElement[bool]:
    """That the document satisfies the term, the one with this number in its query.

    Documents that lack the tag, which nearly all do that lack an attribute, are passed over without a call of Python.
    """
    mentioned = true() if term.absent_matches else _Mentions(document, literal(f'"{term.tag}"'.encode("ascii")))
    return and_(mentioned, _Satisfies(literal(number), document))


@contextmanager
def judging(connection: Connection, terms: Sequence[AnyTerm]) -> Iterator[None]:
    """Have the statements of a search find the code of its terms, which are numbered in their order."""
    judges = {number: judge(term) for number, term in enumerate(terms) if isinstance(term, DocumentTerm)}
    driver_connection = connection.connection.driver_connection
    if not (judges and isinstance(driver_connection, sqlite3.Connection)):
        yield
        return
    driver_connection.create_function("document_matches", 2, _dispatch(judges), deterministic=True)
    try:
        yield
    finally:
        driver_connection.create_function("document_matches", 2, None)


def judge(term: DocumentTerm) -> Callable[[bytes], bool]:
    """The term's code, from which no exception may reach SQLite: a document that it fails on does not match."""

    @lru_cache(_REMEMBERED)
    def is_satisfied(document: bytes) -> bool:
        try:
            return term.matches(document)
        except Exception:  # noqa: BLE001 - whatever it is, SQLite would only say that there was one
            _log.warning("a document could not be matched by its attribute %s", term.tag, exc_info=True)
            return False

    return is_satisfied


def _dispatch(judges: Mapping[int, Callable[[bytes], bool]]) -> Callable[[int, bytes], bool]:
    return lambda number, document: judges[number](document)


class _Mentions(FunctionElement[bool]):
    """That the bytes of a document hold some others."""

    inherit_cache = True
    type = Boolean()


class _Satisfies(FunctionElement[bool]):
    """That the code of the term with this number says so of the document; where the database cannot ask, it may be."""

    inherit_cache = True
    type = Boolean()


@compiles(_Mentions)
def _by_position(element: _Mentions, compiler: SQLCompiler, **options: Any) -> str:
    document, sought = element.clauses
    return f"position({compiler.process(sought, **options)} in {compiler.process(document, **options)}) > 0"


@compiles(_Mentions, "sqlite")
def _by_instr(element: _Mentions, compiler: SQLCompiler, **options: Any) -> str:
    return f"{compiler.process(func.instr(*element.clauses), **options)} > 0"


@compiles(_Satisfies)
def _maybe(element: _Satisfies, compiler: SQLCompiler, **options: Any) -> str:
    return "true"


@compiles(_Satisfies, "sqlite")
def _by_function(element: _Satisfies, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(func.document_matches(*element.clauses), **options)
