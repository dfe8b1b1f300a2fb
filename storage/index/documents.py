"""Stored documents judged by Python code, within a statement, so that LIMIT ends it when a page is full.

For SQLite: the code is a function of the connection for as long as a search takes. Another database judges documents by
an expression of its own, in the place of ``document_condition``.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache

from sqlalchemy import Boolean, ColumnElement, Connection, and_, func, literal, true

from storage.query import AnyTerm, DocumentTerm

_REMEMBERED = 16
"""Documents whose judgment is remembered: what shares a study or series comes one after the other."""

_log = logging.getLogger(__name__)


def document_condition(document: ColumnElement[bytes], term: DocumentTerm, number: int) -> ColumnElement[bool]:
    """That the document satisfies the term, the one with this number in its query.

    Documents that lack the tag, which nearly all do that lack an attribute, are passed over without a call of Python.
    """
    mentioned = true() if term.absent_matches else func.instr(document, literal(f'"{term.tag}"'.encode("ascii"))) > 0
    return and_(mentioned, func.document_matches(number, document, type_=Boolean()))


@contextmanager
def judging(connection: Connection, terms: Sequence[AnyTerm]) -> Iterator[None]:
    """Have the statements of a search find the code of its terms, which are numbered in their order."""
    judges = {number: _judge(term) for number, term in enumerate(terms) if isinstance(term, DocumentTerm)}
    driver_connection = connection.connection.driver_connection
    if not (judges and isinstance(driver_connection, sqlite3.Connection)):
        yield
        return
    driver_connection.create_function("document_matches", 2, _dispatch(judges), deterministic=True)
    try:
        yield
    finally:
        driver_connection.create_function("document_matches", 2, None)


def _dispatch(judges: Mapping[int, Callable[[bytes], bool]]) -> Callable[[int, bytes], bool]:
    return lambda number, document: judges[number](document)


def _judge(term: DocumentTerm) -> Callable[[bytes], bool]:
    """The term's code, from which no exception may reach SQLite: a document that it fails on does not match."""

    @lru_cache(_REMEMBERED)
    def judge(document: bytes) -> bool:
        try:
            return term.matches(document)
        except Exception:  # noqa: BLE001 - whatever it is, SQLite would only say that there was one
            _log.warning("a document could not be matched by its attribute %s", term.tag, exc_info=True)
            return False

    return judge
