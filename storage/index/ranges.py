"""Where the values that match lie in an index: ranges of a text column."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import FromClause, and_, false, or_

from storage.index.matching import Condition, Text, between, text_condition
from storage.index.wildcards import literal_prefix
from storage.name_words import MAX_PREFIX
from storage.query import AnyOf, Between, Empty, Equals, Match, SimilarName, Wildcard

MAX_RANGES = 16
"""Values of a term that are sought one by one, each in the order of the results."""


@dataclass(frozen=True, slots=True)
class Range:
    """Rows of an index that lie together: those within ``bounds``, of which those match that are ``exact``.

    A range that is a point holds rows of one value, and those lie in the order of the results. Where it ``repeats``, it
    may hold several rows of one study or series.
    """

    bounds: Condition
    exact: Condition
    is_point: bool = False
    repeats: bool = False


def ranges(columns: Sequence[Text], match: Match) -> list[Range] | None:
    """The ranges that together hold what matches in any of the columns; None where that may be anywhere."""
    found = _ranges(columns, match)
    if found is None or 0 < len(found) <= MAX_RANGES:
        return found
    return [Range(or_(false(), *(each.bounds for each in found)), or_(false(), *(each.exact for each in found)))]


def value_ranges(rows: FromClause, keyword: str, match: Match) -> list[Range] | None:
    """The same in a table that has a row for each value of each keyword, where nothing tells what has no value."""
    found = None if _takes_empty(match) else ranges([rows.c.value], match)
    return None if found is None else [_of_keyword(rows.c.keyword == keyword, each) for each in found]


def prefix_ranges(rows: FromClause, keyword: str, match: Wildcard) -> list[Range] | None:
    """The same where the values are beginnings of names.

    These ranges hold more than matches, unless the patterns ``are_prefixes``.
    """
    prefixes = {literal_prefix(pattern)[:MAX_PREFIX] for pattern in match.patterns}
    return value_ranges(rows, keyword, Equals(tuple(sorted(prefixes)))) if all(prefixes) else None


def are_prefixes(match: Wildcard) -> bool:
    """Whether all patterns are beginnings short enough to be kept."""
    return all(pattern == f"{literal_prefix(pattern)[:MAX_PREFIX]}*" for pattern in match.patterns)


def _ranges(columns: Sequence[Text], match: Match) -> list[Range] | None:
    match match:
        case Equals(values):
            return _points(columns, [value for value in values if value])
        case Empty():
            return [Range(columns[0] == "", and_(*(column == "" for column in columns)), is_point=True)]
        case Between(low, high):
            return [Range(within, within) for within in (between(column, low, high) for column in columns)]
        case Wildcard(patterns):
            return _prefixed(columns, match, [literal_prefix(pattern) for pattern in patterns])
        case AnyOf(matches):
            parts = [_ranges(columns, each) for each in matches]
            return None if None in parts else [each for part in parts if part is not None for each in part]
        case SimilarName():
            return None


def _of_keyword(of_keyword: Condition, found: Range) -> Range:
    bounds = and_(of_keyword, found.bounds)
    exact = bounds if found.exact is found.bounds else found.exact
    return Range(bounds, exact, found.is_point, repeats=not found.is_point)


def _takes_empty(match: Match) -> bool:
    return isinstance(match, Empty) or (isinstance(match, AnyOf) and any(map(_takes_empty, match.matches)))


def _points(columns: Sequence[Text], values: Sequence[str]) -> list[Range]:
    if len(values) * len(columns) <= MAX_RANGES:
        points = [column == value for column in columns for value in values]
        return [Range(point, point, is_point=True) for point in points]
    return [Range(within, within) for within in (column.in_(values) for column in columns)]


def _prefixed(columns: Sequence[Text], match: Wildcard, prefixes: Sequence[str]) -> list[Range] | None:
    if not all(prefixes):
        return None
    return [
        Range(or_(*(between(column, prefix, prefix) for prefix in prefixes)), text_condition(column, match))
        for column in columns
    ]
