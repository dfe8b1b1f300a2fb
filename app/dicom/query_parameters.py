"""The query parameters of the search transactions, read into a Query (PS3.18 8.3.4, 10.6.1.2)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.dicom.attribute_path import AttributePath, parse_attribute_path, vr_of
from app.dicom.date_times import parse_utc_offset
from app.dicom.matching import MatchingRules, split_values
from app.dicom.query_keys import Key, Keys, naming
from app.dicom.query_terms import is_supported, terms_of
from app.dicom.return_attributes import (
    PATIENT_COUNTS,
    SOP_CLASSES,
    IncludedAttributes,
    included_attributes,
    needs,
    needs_whole_metadata,
)
from storage.query import Query
from storage.resource import Level, ResourceKey

GENERAL_PARAMETERS = frozenset({"accept", "charset"})
"""Parameters of every request, which say nothing about what is searched (PS3.18 8.3.3)."""

OPTIONS = frozenset({"limit", "offset", "includefield", "fuzzymatching", "emptyvaluematching", "multiplevaluematching"})
"""Parameters of a search that are no matching keys (PS3.18 Table 8.3.4-1)."""

MAXIMUM_KEYS = 200
"""Matching keys of one search: a database takes expressions of about a thousand terms."""

_UINT = re.compile(r"[0-9]{1,18}")

_TIMEZONE_OFFSET_FROM_UTC = ("00080201",)
_NEVER_MATCHED = frozenset({("00080005",), _TIMEZONE_OFFSET_FROM_UTC})
"""SpecificCharacterSet and TimezoneOffsetFromUTC tell how other keys are to be read (PS3.4 C.2.2.2, C.2.2.2.5)."""


class InvalidQuery(Exception):
    """A query parameter cannot be read; the message names it and its value."""


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What a search asks for.

    ``limited_by_server`` tells that the limit of the query is the server's: the client named none, or a larger one.
    ``unsupported_keys`` are the matching keys, as the client wrote them, whose values cannot be matched: by the
    standard they only ask for the attribute to be returned (PS3.4 C.2.2.1.3). The answer says so in a Warning.
    """

    query: Query
    limited_by_server: bool
    include: IncludedAttributes
    unsupported_keys: tuple[str, ...]


def parse_search(
    level: Level,
    scope: ResourceKey,
    parameters: Sequence[tuple[str, str]],
    *,
    maximum_limit: int,
) -> SearchRequest:
    """Read the decoded names and values of a query, in order. Raises InvalidQuery.

    Matching keys may be attributes of any level. ``maximum_limit`` bounds the results.
    """
    given: dict[str, list[str]] = {}
    for name, value in parameters:
        given.setdefault(name, []).append(value)
    try:
        keys = _matching_keys({name: given[name] for name in given if name not in OPTIONS | GENERAL_PARAMETERS})
        rules = _rules(given, keys)
        asked = {path: key for path, key in keys.items() if _asks(path, key)}
        supported = {path: key for path, key in asked.items() if is_supported(path, key, rules)}
        terms = tuple(terms_of(supported, rules))
        include = included_attributes(given.get("includefield", ()), keys)
    except ValueError as error:
        raise InvalidQuery(str(error)) from error
    limit = _unsigned(given, "limit")
    query = Query(
        level,
        scope,
        terms,
        limit=maximum_limit if limit is None else min(limit, maximum_limit),
        offset=_unsigned(given, "offset") or 0,
        whole_metadata=needs_whole_metadata(level, include),
        sop_classes=needs(SOP_CLASSES, level, include),
        patient_counts=needs(PATIENT_COUNTS, level, include),
    )
    limited_by_server = limit is None or limit > maximum_limit
    return SearchRequest(
        query, limited_by_server, include, tuple(asked[path].name for path in asked if path not in supported)
    )


def _matching_keys(given: Mapping[str, list[str]]) -> dict[AttributePath, Key]:
    """The keys by attribute; one that is given by keyword and by tag is one."""
    if len(given) > MAXIMUM_KEYS:
        raise ValueError(f"{len(given)} matching keys are too many, {MAXIMUM_KEYS} may be given")
    keys: dict[AttributePath, Key] = {}
    for name, values in given.items():
        with naming(Key(name, values)):
            keys.setdefault(parse_attribute_path(name), Key(name, [])).values.extend(values)
    return keys


def _rules(given: Mapping[str, list[str]], keys: Keys) -> MatchingRules:
    zone = keys.get(_TIMEZONE_OFFSET_FROM_UTC)
    offset = None
    if zone is not None and any(zone.values):
        with naming(zone):
            # A plus sign that is not percent-encoded reads as a space.
            offset = parse_utc_offset(zone.values[0].replace(" ", "+"))
    return MatchingRules(
        fuzzy_names=_flag(given, "fuzzymatching"),
        empty_values=_flag(given, "emptyvaluematching"),
        multiple_values=_flag(given, "multiplevaluematching"),
        utc_offset=offset,
    )


def _asks(path: AttributePath, key: Key) -> bool:
    """Whether a key restricts the results: one with a universal value only asks for the attribute to be returned."""
    return path not in _NEVER_MATCHED and bool(split_values(vr_of(path[-1]) or "UN", key.values))


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
