"""Wildcard patterns in SQL: ``*`` is any run of characters, ``?`` any one (PS3.4 C.2.2.2.4)."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Boolean, ColumnElement, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from storage.query import AnyOf, Match, Wildcard

_LITERAL_PREFIX = re.compile(r"[^*?]*")
_LIKE_TRANSLATION = str.maketrans({"*": "%", "?": "_", "%": r"\%", "_": r"\_", "\\": r"\\"})
_GLOB_TRANSLATION = str.maketrans({"[": "[[]"})


def is_universal(match: Match) -> bool:
    """Whether a pattern is nothing but stars, which all rows match, also those without a value (PS3.4 C.2.2.2.4)."""
    match match:
        case Wildcard(patterns):
            return any(not pattern.strip("*") for pattern in patterns)
        case AnyOf(matches):
            return any(map(is_universal, matches))
        case _:
            return False


def literal_prefix(pattern: str) -> str:
    """What every text begins with that matches."""
    found = _LITERAL_PREFIX.match(pattern)
    return found[0] if found else ""


def matches_pattern(text: ColumnElement[str], pattern: str) -> ColumnElement[bool]:
    """That the text matches, case and all."""
    return _MatchesWildcards(
        text, literal(pattern.translate(_GLOB_TRANSLATION)), literal(pattern.translate(_LIKE_TRANSLATION))
    )


class _MatchesWildcards(FunctionElement[bool]):
    """Wildcard match that heeds case: text, the pattern for GLOB, the pattern for LIKE (escaped by backslash).

    SQLite has both, but its LIKE takes ASCII letters of either case for the same. Other databases have LIKE only.
    """

    inherit_cache = True
    type = Boolean()


@compiles(_MatchesWildcards)
def _as_like(element: _MatchesWildcards, compiler: SQLCompiler, **options: Any) -> str:
    text, _, like = _arguments(element)
    return f"{compiler.process(text, **options)} LIKE {compiler.process(like, **options)} ESCAPE '\\'"


@compiles(_MatchesWildcards, "sqlite")
def _as_glob(element: _MatchesWildcards, compiler: SQLCompiler, **options: Any) -> str:
    text, glob, _ = _arguments(element)
    return f"{compiler.process(text, **options)} GLOB {compiler.process(glob, **options)}"


def _arguments(element: _MatchesWildcards) -> Sequence[ColumnElement[Any]]:
    return list(element.clauses)
