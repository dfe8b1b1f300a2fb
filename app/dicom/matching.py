"""Attribute matching: how the values of a matching key are read, by VR (PS3.4 C.2.2.2, PS3.18 8.3.4.1).

Matching is case-sensitive but for person names. An empty key or one of ``*`` alone matches everything, also absent
values. Keys given more than once, and lists of UIDs and of codes, match when any of their values does.
"""

import re
from collections.abc import Callable, Sequence

from app.dicom.person_name import fold
from app.dicom.uid import is_valid_uid
from storage.query import Between, Equals, Wildcard

Match = Equals | Wildcard | Between

MAXIMUM_VALUES = 2000
"""Values of one key, any of which may match; a database takes some tens of thousands in a statement."""

MAXIMUM_PATTERNS = 100
"""Values of one key when one has a wildcard: each is a condition of its own."""

_LIST_SEPARATOR = re.compile(r"[,\\]")
_DATE = re.compile(r"[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])")
_TIME = re.compile(r"([01][0-9]|2[0-3])([0-5][0-9]([0-5][0-9](\.[0-9]{1,6})?|60)?)?")
_INTEGER = re.compile(r"[+-]?[0-9]{1,11}")


def parse_match(vr: str, values: Sequence[str]) -> tuple[Match, ...]:
    """What the attribute's value must match, all of it; nothing for universal matching.

    Raises ValueError, with a message for the client, for a value that the VR does not have.
    """
    stripped = [value.strip() for value in values]
    if any(map(_is_universal, stripped)):
        return ()
    return _READERS[vr](stripped)


def _texts(values: Sequence[str]) -> tuple[Match, ...]:
    if any("*" in value or "?" in value for value in values):
        return (Wildcard(_bounded(values, MAXIMUM_PATTERNS)),)
    return (Equals(_bounded(values, MAXIMUM_VALUES)),)


def _codes(values: Sequence[str]) -> tuple[Match, ...]:
    return _texts(_listed(values))


def _uids(values: Sequence[str]) -> tuple[Match, ...]:
    uids = _listed(values)
    for uid in uids:
        if not is_valid_uid(uid):
            raise ValueError(f"{uid!r} is not a UID")
    return (Equals(_bounded(uids, MAXIMUM_VALUES)),)


def _integers(values: Sequence[str]) -> tuple[Match, ...]:
    """Integer strings, compared without leading zeros and plus sign, as they are indexed."""
    for value in values:
        if not _INTEGER.fullmatch(value):
            raise ValueError(f"{value!r} is not an integer")
    return (Equals(_bounded([str(int(value)) for value in values], MAXIMUM_VALUES)),)


def _names(values: Sequence[str]) -> tuple[Match, ...]:
    """A person name: each of its component groups must match some group of the stored name."""
    groups = map(fold, _only(values).split("="))
    return tuple(match for group in groups if not _is_universal(group) for match in _texts([group]))


def _dates(values: Sequence[str]) -> tuple[Match, ...]:
    if not any("-" in value for value in values):
        return (Equals(_bounded(list(map(_date, values)), MAXIMUM_VALUES)),)
    low, high = _range_ends(_only(values))
    return (Between(low and _date(low), high and _date(high)),)


def _times(values: Sequence[str]) -> tuple[Match, ...]:
    """A time or range of times; a single time is a range as long as its last unit: 1030 is the whole minute."""
    value = _only(values)
    low, high = _range_ends(value) if "-" in value else (value, value)
    return (Between(low and _earliest(_time(low)), high and _time(high)),)


_READERS: dict[str, Callable[[Sequence[str]], tuple[Match, ...]]] = {
    "CS": _codes,
    "DA": _dates,
    "IS": _integers,
    "LO": _texts,
    "PN": _names,
    "SH": _texts,
    "TM": _times,
    "UI": _uids,
}
"""One reader for each VR that an indexed attribute has."""


def _is_universal(value: str) -> bool:
    return not value.strip("*")


def _listed(values: Sequence[str]) -> list[str]:
    """The values of a list that is separated by commas or backslashes, neither of which its VR allows."""
    pieces = (piece.strip() for value in values for piece in _LIST_SEPARATOR.split(value))
    return [piece for piece in pieces if piece]


def _bounded(values: Sequence[str], most: int) -> tuple[str, ...]:
    if len(values) > most:
        raise ValueError(f"{len(values)} values are too many, {most} may be given")
    return tuple(values)


def _only(values: Sequence[str]) -> str:
    if len(values) > 1:
        raise ValueError("the key may be given only once")
    return values[0]


def _range_ends(value: str) -> tuple[str | None, str | None]:
    """Both ends of a range, None where it is open (PS3.4 C.2.2.2.5)."""
    low, _, high = (end.strip() for end in value.partition("-"))
    if not (low or high):
        raise ValueError("a range needs at least one end")
    return low or None, high or None


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
