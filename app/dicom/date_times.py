"""Dates, times and date-times as they are compared (PS3.5 6.2, PS3.4 C.2.2.2.5)."""

import re
from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date
from typing import Self

_OLD_DATE = re.compile(r"([0-9]{4})\.([0-9]{2})\.([0-9]{2})")
_OLD_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]*)?)?")

_UTC_OFFSET = r"(?:\+(?:0[0-9]|1[0-3])[0-5][0-9]|\+1400|-(?:0[0-9]|1[01])[0-5][0-9]|-1200)"
_DATE_TIME = (
    r"[0-9]{4}(?:(?:0[1-9]|1[0-2])(?:(?:0[1-9]|[12][0-9]|3[01])"
    r"(?:(?:[01][0-9]|2[0-3])(?:[0-5][0-9](?:(?:[0-5][0-9]|60)(?:\.[0-9]{1,6})?)?)?)?)?)?"
)
_VALUE = re.compile(rf"({_DATE_TIME})({_UTC_OFFSET})?")
_RANGE = re.compile(rf"({_DATE_TIME}{_UTC_OFFSET}?)? *- *({_DATE_TIME}{_UTC_OFFSET}?)?")

_PLUS_SIGN = re.compile(r"(?<=[0-9]) (?=[0-9]{4}(?![0-9]))")

_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


def compact_date(text: str) -> str:
    """A stored date as YYYYMMDD, also one of ACR-NEMA 300, with dots."""
    return _OLD_DATE.sub(r"\1\2\3", text)


def compact_time(text: str) -> str:
    """A stored time as HHMMSS.FFFFFF or the beginning of it, also one of ACR-NEMA 300, with colons."""
    return text.replace(":", "") if _OLD_TIME.fullmatch(text) else text


def parse_utc_offset(text: str) -> int:
    """An offset from UTC such as +0100, in minutes. Raises ValueError."""
    if not re.fullmatch(_UTC_OFFSET, text):
        raise ValueError(f"{text!r} is not an offset from UTC; offsets are written +HHMM or -HHMM")
    minutes = int(text[1:3]) * 60 + int(text[3:5])
    return -minutes if text[0] == "-" else minutes


@dataclass(frozen=True, slots=True)
class DateTime:
    """A DT value: a span of time as long as its last unit, so that 2020 is the whole year.

    ``first`` and ``last`` are its ends in microseconds of the calendar as written, ``utc_offset`` is in minutes.
    """

    first: int
    last: int
    utc_offset: int | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read YYYYMMDDHHMMSS.FFFFFF&ZZXX or the beginning of it, and the offset. Raises ValueError."""
        match = _VALUE.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not a date-time; date-times are written YYYYMMDDHHMMSS.FFFFFF+HHMM")
        first, last = _span(match[1])
        return cls(first, last, parse_utc_offset(match[2]) if match[2] else None)

    def or_offset(self, utc_offset: int | None) -> Self:
        """The same with an offset where it has none itself."""
        return self if self.utc_offset is not None else replace(self, utc_offset=utc_offset)


@dataclass(frozen=True, slots=True)
class DateTimeRange:
    """Range matching of DT values, both ends included, None is open; a single value is a range from it to itself."""

    low: DateTime | None
    high: DateTime | None

    @classmethod
    def parse(cls, text: str, utc_offset: int | None = None) -> Self:
        """Read a value or range; ``utc_offset`` is that of the query, for ends without. Raises ValueError.

        A hyphen that can begin an offset is none of a range: 2020-0500 is the year 2020, five hours behind UTC. A
        space in front of an offset is the plus sign that a URL was written with.
        """
        text = _PLUS_SIGN.sub("+", text)
        if _VALUE.fullmatch(text):
            single = DateTime.parse(text).or_offset(utc_offset)
            return cls(single, single)
        match = _RANGE.fullmatch(text)
        if match is None or not any(match.groups()):
            raise ValueError(f"{text!r} is no date-time, written YYYYMMDDHHMMSS.FFFFFF+HHMM, nor a range of them")
        low, high = (DateTime.parse(end).or_offset(utc_offset) if end else None for end in match.groups())
        return cls(low, high)

    def takes_in(self, value: DateTime) -> bool:
        """Whether the first moment of a value lies in the range."""
        low, high = self.low, self.high
        return (low is None or _seen_from(value, low) >= low.first) and (
            high is None or _seen_from(value, high) <= high.last
        )


def _seen_from(value: DateTime, end: DateTime) -> int:
    """The first moment of a value in the time zone of an end; as it is written, where the end tells none.

    A value that tells none is taken for UTC.
    """
    if end.utc_offset is None:
        return value.first
    return value.first + (end.utc_offset - (value.utc_offset or 0)) * _MINUTE


def _span(digits: str) -> tuple[int, int]:
    """The ends of what YYYYMMDDHHMMSS.FFFFFF, or the beginning of it, names. Raises ValueError."""
    year, month, day = int(digits[:4]), int(digits[4:6] or 1), int(digits[6:8] or 1)
    first = date(year, month, day).toordinal() * _DAY
    match len(digits):
        case 4:
            length = (date(year, 12, 31).toordinal() - date(year, 1, 1).toordinal() + 1) * _DAY
        case 6:
            length = monthrange(year, month)[1] * _DAY
        case 8:
            length = _DAY
        case 10:
            length = _HOUR
        case 12:
            length = _MINUTE
        case 14:
            length = _SECOND
        case _:
            # All digits of a fraction after the decimal point that are not there may be any.
            length = 10 ** (6 - len(digits[15:]))
    first += int(digits[8:10] or 0) * _HOUR + int(digits[10:12] or 0) * _MINUTE + int(digits[12:14] or 0) * _SECOND
    first += int(digits[15:].ljust(6, "0"))
    return first, first + length - 1
