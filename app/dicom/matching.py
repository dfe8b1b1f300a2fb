"""Attribute matching: how the values of a matching key are read, by VR (PS3.4 C.2.2.2, PS3.18 8.3.4.1).

Matching is case-sensitive but for person names. An empty key or one of ``*`` alone matches everything, also absent
values. Several values in a key, and keys given more than once, match when any of the values does: what PS3.4 C.2.2.2.2
says of UIDs holds here for all VRs, where it says nothing. A backslash separates values, but for the VRs that have only
one; UIDs and codes, which have no comma, may be separated by commas too.

The VR DT is not here, as its values are no text that sorts as they do: see ``date_times``.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from struct import pack, unpack
from typing import Literal

from app.dicom.person_name import fold, groups
from app.dicom.uid import is_valid_uid
from storage.name_words import words
from storage.query import AnyOf, Between, Empty, Equals, Match, SimilarName, Wildcard

MAXIMUM_VALUES = 2000
"""Values of one key, any of which may match; a database takes some tens of thousands in a statement."""

MAXIMUM_PATTERNS = 100
"""Values of one key when one has a wildcard or is a range or a name: each is a condition of its own."""

NOTHING = Equals(())
"""What no value matches."""

EMPTY_VALUE = '""'
"""Two quotation marks stand for no value (PS3.4 C.2.2.2.7)."""

_SEPARATORS = {
    **dict.fromkeys(("CS", "UI"), re.compile(r"[,\\]")),
    **dict.fromkeys(("LT", "ST", "UR", "UT"), re.compile(r"(?!)")),
}
_SEPARATOR = re.compile(r"\\")

LEADING_SPACES_COUNT = frozenset({"LT", "ST", "UC", "UR", "UT"})
"""The VRs in which spaces before a value are part of it (PS3.5 6.2)."""

_DATE = re.compile(r"[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])")
_TIME = re.compile(r"([01][0-9]|2[0-3])([0-5][0-9]([0-5][0-9](\.[0-9]{1,6})?|60)?)?")
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
_DECIMAL = re.compile(r"[+-]?([0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})([eE][+-]?[0-9]{1,3})?")
_TAG = re.compile(r"[0-9A-Fa-f]{8}")


@dataclass(frozen=True, slots=True)
class MatchingRules:
    """What the parameters of a search say of all its keys (PS3.18 8.3.4.2, 8.3.4.5, 8.3.4.6).

    ``utc_offset`` is the time zone of the query in minutes: that of date-times in keys that tell none themselves.
    """

    fuzzy_names: bool = False
    empty_values: bool = False
    multiple_values: bool = False
    utc_offset: int | None = None


def split_values(vr: str, values: Sequence[str]) -> list[str]:
    """The single values of a key, without padding; none where one is universal, so that everything matches."""
    separator = _SEPARATORS.get(vr, _SEPARATOR)
    stripped = str.rstrip if vr in LEADING_SPACES_COUNT else str.strip
    pieces = [stripped(piece) for value in values for piece in separator.split(value)]
    given = [piece for piece in pieces if piece]
    wild = "*=" if vr == "PN" else "*"
    is_universal = not all(value.strip() for value in values) or not all(piece.strip(wild) for piece in given)
    return [] if is_universal else given


def parse_match(vr: str, values: Sequence[str], rules: MatchingRules = MatchingRules()) -> tuple[Match, ...]:
    """What one value of the attribute must match, all of it; nothing for universal matching.

    Raises ValueError, with a message for the client, for a value that the VR does not have, and for a VR whose values
    are not matched.
    """
    singles = split_values(vr, values)
    given = [value for value in singles if not is_empty_value(value, rules)]
    matches = _read(vr, given, rules) if given else ()
    if len(given) == len(singles):
        return matches
    return (AnyOf((*matches[:1], Empty())),) if matches else (Empty(),)


def parse_range(vr: Literal["DA", "TM"], value: str) -> Between:
    """A range of dates or times, whose ends are None where it is open (PS3.4 C.2.2.2.5). Raises ValueError."""
    low, _, high = (end.strip() for end in value.partition("-"))
    if not (low or high):
        raise ValueError("a range needs at least one end")
    if vr == "DA":
        return Between(_date(low) if low else None, _date(high) if high else None)
    return Between(_earliest(_time(low)) if low else None, _time(high) if high else None)


def parse_names(values: Sequence[str], *, fuzzy: bool) -> list[tuple[Match | None, ...]]:
    """What a person name must match: any of the alternatives.

    An alternative of one part asks for some component group that matches it; one of several parts is what the
    alphabetic, ideographic and phonetic group must match, None where a group may be anything (PS3.5 6.2.1.1).
    """
    return [_name(value, fuzzy=fuzzy) for value in _bounded(values, MAXIMUM_PATTERNS)]


def is_empty_value(value: str, rules: MatchingRules) -> bool:
    """Whether it asks for attributes without a value."""
    return rules.empty_values and value == EMPTY_VALUE


def number_text(number: float) -> str:
    """A number as numbers are compared: 5 for 5.0."""
    return str(int(number)) if isfinite(number) and number == int(number) else repr(number)


def _read(vr: str, values: Sequence[str], rules: MatchingRules) -> tuple[Match, ...]:
    if vr == "PN":
        return _names(values, fuzzy=rules.fuzzy_names)
    if vr not in _READERS:
        raise ValueError(f"values of the VR {vr} are not matched")
    return (_READERS[vr](values),)


def _texts(values: Sequence[str]) -> Match:
    if any(map(_has_wildcard, values)):
        return Wildcard(_bounded(values, MAXIMUM_PATTERNS))
    return _literals(values)


def _literals(values: Sequence[str]) -> Match:
    return Equals(_bounded(values, MAXIMUM_VALUES))


def _has_wildcard(value: str) -> bool:
    return "*" in value or "?" in value


def _uids(values: Sequence[str]) -> Match:
    for value in values:
        if not is_valid_uid(value):
            raise ValueError(f"{value!r} is not a UID")
    return _literals(values)


def _tags(values: Sequence[str]) -> Match:
    for value in values:
        if not _TAG.fullmatch(value):
            raise ValueError(f"{value!r} is not a tag of eight hexadecimal digits")
    return _literals([value.upper() for value in values])


def _integers(values: Sequence[str]) -> Match:
    """Integers, compared without leading zeros and plus sign, as they are indexed."""
    for value in values:
        if not _INTEGER.fullmatch(value):
            raise ValueError(f"{value!r} is not an integer")
    return _literals([str(int(value)) for value in values])


def _decimals(values: Sequence[str]) -> Match:
    return _literals([number_text(_decimal(value)) for value in values])


def _singles(values: Sequence[str]) -> Match:
    """Values of 32 bits: the number that is nearest to what is written."""
    try:
        numbers = [unpack("<f", pack("<f", _decimal(value)))[0] for value in values]
    except OverflowError:
        return NOTHING
    return _literals([number_text(number) for number in numbers])


def _decimal(text: str) -> float:
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"{text!r} is not a number")
    return float(text)


def _names(values: Sequence[str], *, fuzzy: bool) -> tuple[Match, ...]:
    """Person names as the index compares them, whatever the group: what matches ``parse_names`` is among what these do.

    They are exact for a single name, and for names of one group.
    """
    names = [tuple(group for group in name if group is not None) for name in parse_names(values, fuzzy=fuzzy)]
    return names[0] if len(names) == 1 else (_any([name[0] for name in names]),)


def _name(value: str, *, fuzzy: bool) -> tuple[Match | None, ...]:
    if "=" not in value:
        return (_group(fold(value), fuzzy=fuzzy),)
    return tuple(_group(group, fuzzy=fuzzy) if group.strip("*") else None for group in map(fold, groups(value)))


def _group(folded: str, *, fuzzy: bool) -> Match:
    """Literal matching, or fuzzy semantic matching, which finds what the other does (PS3.4 C.2.2.2.1.1)."""
    literal, similar = _texts([folded]), SimilarName(tuple(words(folded)))
    if not (fuzzy and similar.words):
        return literal
    return AnyOf((literal, similar)) if isinstance(literal, Wildcard) else similar


def _dates(values: Sequence[str]) -> Match:
    ranges: list[Match] = [parse_range("DA", value) for value in values if "-" in value]
    singles = [_date(value) for value in values if "-" not in value]
    return _any([*ranges, _literals(singles)] if singles else ranges)


def _times(values: Sequence[str]) -> Match:
    """Times or ranges of times; a single time is a range as long as its last unit: 1030 is the whole minute."""
    ranges = [value if "-" in value else f"{value}-{value}" for value in values]
    return _any([parse_range("TM", value) for value in ranges])


_READERS: dict[str, Callable[[Sequence[str]], Match]] = {
    **dict.fromkeys(("AE", "CS", "LO", "LT", "SH", "ST", "UC", "UR", "UT"), _texts),
    **dict.fromkeys(("IS", "SL", "SS", "SV", "UL", "US", "UV"), _integers),
    "AS": _literals,
    "AT": _tags,
    "DA": _dates,
    "DS": _decimals,
    "FD": _decimals,
    "FL": _singles,
    "TM": _times,
    "UI": _uids,
}
"""One reader for each VR whose values are compared as text."""


def _bounded(values: Sequence[str], most: int) -> tuple[str, ...]:
    if len(values) > most:
        raise ValueError(f"{len(values)} values are too many, {most} may be given")
    return tuple(values)


def _any(matches: Sequence[Match]) -> Match:
    if len(matches) > MAXIMUM_PATTERNS:
        raise ValueError(f"{len(matches)} values are too many, {MAXIMUM_PATTERNS} may be given")
    return matches[0] if len(matches) == 1 else AnyOf(tuple(matches))


def _date(value: str) -> str:
    """A date as YYYYMMDD; the older YYYY.MM.DD is refused, as PS3.5 6.2 has it no more."""
    if not _DATE.fullmatch(value):
        raise ValueError(f"{value!r} is not a date; dates are written YYYYMMDD, ranges YYYYMMDD-YYYYMMDD")
    return value


def _time(value: str) -> str:
    """A time without colons and without zeros at the end of its fraction."""
    digits = value.replace(":", "")
    if not _TIME.fullmatch(digits):
        raise ValueError(f"{value!r} is not a time; times are written HHMMSS.FFFFFF, from the right as short as wanted")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _earliest(time: str) -> str:
    """The shortest text of the same moment, which sorts before the longer ones: 10 before 1000 before 100000."""
    while len(time) in {4, 6} and time.endswith("00"):
        time = time[:-2]
    return time
