"""The query parameters of the search transactions, read into a Query (PS3.18 8.3.4, 10.6.1.2)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.dicom.attribute_path import AttributePath, keywords_of, parse_attribute_path, vr_of
from app.dicom.matching import parse_match
from app.dicom.return_attributes import IncludedAttributes, needs_whole_metadata
from storage.attributes import INDEXED_ATTRIBUTES
from storage.query import Query, Term
from storage.resource import Level, ResourceKey

GENERAL_PARAMETERS = frozenset({"accept", "charset"})
"""Parameters of every request, which say nothing about what is searched (PS3.18 8.3.3)."""

OPTIONS = frozenset({"limit", "offset", "includefield", "fuzzymatching", "emptyvaluematching", "multiplevaluematching"})
"""Parameters of a search that are no matching keys (PS3.18 Table 8.3.4-1)."""

_UINT = re.compile(r"[0-9]{1,18}")
_LEVELS = tuple(Level)


class InvalidQuery(Exception):
    """A query parameter cannot be read; the message names it and its value."""


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What a search asks for.

    ``limited_by_server`` tells that the limit of the query is the server's: the client named none, or a larger one.
    ``unsupported_keys`` are the parameters, as the client wrote them, that were left out of the search: attributes that
    are not indexed at this level, and rules of matching that are not there. The answer says so in a Warning.
    """

    query: Query
    limited_by_server: bool
    include: IncludedAttributes
    unsupported_keys: tuple[str, ...]
    fuzzy_matching_ignored: bool


def parse_search(
    level: Level,
    scope: ResourceKey,
    parameters: Sequence[tuple[str, str]],
    *,
    maximum_limit: int,
) -> SearchRequest:
    """Read the decoded names and values of a query, in order. Raises InvalidQuery.

    Matching keys may be attributes of ``level`` and of the levels above it. ``maximum_limit`` bounds the results.
    """
    given: dict[str, list[str]] = {}
    for name, value in parameters:
        given.setdefault(name, []).append(value)
    keys = _matching_keys({name: given[name] for name in given if name not in OPTIONS | GENERAL_PARAMETERS})
    include = _included(given.get("includefield", ()), keys)
    not_honored = [name for name in ("emptyvaluematching", "multiplevaluematching") if _flag(given, name)]
    terms, unsupported = _terms(level, keys)
    limit = _unsigned(given, "limit")
    query = Query(
        level,
        scope,
        terms,
        limit=maximum_limit if limit is None else min(limit, maximum_limit),
        offset=_unsigned(given, "offset") or 0,
        whole_metadata=needs_whole_metadata(level, include),
    )
    limited_by_server = limit is None or limit > maximum_limit
    ignored = (*unsupported, *not_honored)
    return SearchRequest(query, limited_by_server, include, ignored, _flag(given, "fuzzymatching"))


@dataclass(slots=True)
class _Key:
    """A matching key: its name as the client first wrote it, and all its values."""

    name: str
    values: list[str]


def _matching_keys(given: Mapping[str, list[str]]) -> dict[AttributePath, _Key]:
    """The keys by attribute; one that is given by keyword and by tag is one."""
    keys: dict[AttributePath, _Key] = {}
    for name, values in given.items():
        try:
            keys.setdefault(parse_attribute_path(name), _Key(name, [])).values.extend(values)
        except ValueError as error:
            raise InvalidQuery(f"{name}={values[0]}: {error}") from error
    return keys


def _terms(level: Level, keys: Mapping[AttributePath, _Key]) -> tuple[tuple[Term, ...], list[str]]:
    """The match terms, and the names of the keys that cannot be matched at this level."""
    terms: list[Term] = []
    unsupported: list[str] = []
    for path, key in keys.items():
        keyword = keywords_of(path)
        if _is_searchable(keyword, level):
            terms += _key_terms(keyword, vr_of(path), key)
        elif any(key.values):
            unsupported.append(key.name)
    return tuple(terms), unsupported


def _key_terms(keyword: str, vr: str, key: _Key) -> list[Term]:
    try:
        return [Term(keyword, match) for match in parse_match(vr, key.values)]
    except ValueError as error:
        raise InvalidQuery(f"{key.name}={','.join(key.values)}: {error}") from error


def _is_searchable(keyword: str, level: Level) -> bool:
    """Whether the index can search the attribute here: one of this level or of a level above."""
    if keyword == "ModalitiesInStudy":
        return True
    attribute = INDEXED_ATTRIBUTES.get(keyword)
    return attribute is not None and _LEVELS.index(attribute.level) <= _LEVELS.index(level)


def _included(fields: Iterable[str], keys: Iterable[AttributePath]) -> IncludedAttributes:
    """What ``includefield`` names, repeated or as lists, and the matching keys (PS3.18 8.3.4.3, 10.6.3.3)."""
    names = [name.strip() for value in fields for name in value.split(",") if name.strip()]
    try:
        paths = [parse_attribute_path(name) for name in names if name != "all"]
    except ValueError as error:
        raise InvalidQuery(f"includefield: {error}") from error
    return IncludedAttributes("all" in names, frozenset(paths).union(keys))


def _flag(given: Mapping[str, list[str]], name: str) -> bool:
    value = _single(given, name)
    if value not in {None, "true", "false"}:
        raise InvalidQuery(f"{name}={value}: the value must be true or false")
    return value == "true"


def _unsigned(given: Mapping[str, list[str]], name: str) -> int | None:
    value = _single(given, name)
    if value is None:
        return None
    if not _UINT.fullmatch(value):
        raise InvalidQuery(f"{name}={value}: the value must be a non-negative integer")
    return int(value)


def _single(given: Mapping[str, list[str]], name: str) -> str | None:
    values = given.get(name, [])
    if len(values) > 1:
        raise InvalidQuery(f"{name}={','.join(values)}: the parameter may be given only once")
    return values[0] if values else None
