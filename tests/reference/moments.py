"""Dates, times and date-times as spans on a time line (PS3.5 6.2: a shorter value is a less precise one)."""

import calendar
import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_DATE = re.compile(r"(\d{4})(?:\.(\d\d)\.(\d\d)|(\d\d)(\d\d))")
"""YYYYMMDD, or YYYY.MM.DD as before DICOM (PS3.5 6.2, note on DA)."""
_TIME = re.compile(r"(\d\d)(?::?(\d\d)(?::?(\d\d)(?:\.(\d{1,6}))?)?)?")
"""HHMMSS.FFFFFF cut off anywhere, or HH:MM:SS.FFFFFF as before DICOM (PS3.5 6.2, note on TM)."""
_OFFSET = r"(?:\+(?:0\d|1[0-3])\d\d|\+1400|-(?:0\d|1[01])\d\d|-1200)"
"""-1200 to +1400 (PS3.5 6.2, DT): anything else after a hyphen is the end of a range."""
_DATE_TIME = re.compile(
    rf"(\d{{4}})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{{1,6}}))?)?)?)?)?)?({_OFFSET})?"
)
"""YYYYMMDDHHMMSS.FFFFFF&ZZXX cut off anywhere before the offset (PS3.5 6.2, DT)."""

_INSTANT = timedelta(microseconds=1)


class Span(NamedTuple):
    """From the first to the last microsecond that a value can mean, both included."""

    first: datetime
    last: datetime


def date_span(text: str) -> Span:
    """A day."""
    found = _DATE.fullmatch(text.strip())
    assert found, text
    day = datetime(int(found[1]), int(found[2] or found[4]), int(found[3] or found[5]), tzinfo=UTC)
    return Span(day, day + timedelta(days=1) - _INSTANT)


def time_span(text: str, day: datetime = datetime(1, 1, 1, tzinfo=UTC)) -> Span:
    """An hour, minute, second or fraction of one, on ``day``."""
    found = _TIME.fullmatch(text.strip())
    assert found, text
    return _time_of_day(day, found[1], found[2], found[3], found[4])


def date_time_span(text: str, offset: str | None) -> Span:
    """A year, month and so on in UTC; ``offset`` is what local time differs by where the value does not tell.

    Without any offset the value is taken as it is written.
    """
    found = _DATE_TIME.fullmatch(text.strip())
    assert found, text
    year, month, day, hour, minute, second, fraction, own_offset = found.groups()
    start = datetime(int(year), int(month or 1), int(day or 1), tzinfo=UTC) - _difference(own_offset or offset)
    if hour:
        return _time_of_day(start, hour, minute, second, fraction)
    days = 1 if day else calendar.monthrange(int(year), int(month))[1] if month else 365 + calendar.isleap(int(year))
    return Span(start, start + timedelta(days=days) - _INSTANT)


def offset_of(text: str) -> str | None:
    """The offset from UTC that a DT value tells itself."""
    found = _DATE_TIME.fullmatch(text.strip())
    assert found, text
    return found[8]


def without_offset(text: str) -> str:
    """A DT value as a clock of its place shows it."""
    return text.strip().removesuffix(offset_of(text) or "")


def _time_of_day(day: datetime, hour: str, minute: str | None, second: str | None, fraction: str | None) -> Span:
    first = day + timedelta(
        hours=int(hour),
        minutes=int(minute or 0),
        seconds=int(second or 0),
        microseconds=int((fraction or "").ljust(6, "0")),
    )
    if fraction:
        length = timedelta(microseconds=10 ** (6 - len(fraction)))
    else:
        length = timedelta(seconds=1) if second else timedelta(minutes=1) if minute else timedelta(hours=1)
    return Span(first, first + length - _INSTANT)


def _difference(offset: str | None) -> timedelta:
    """What an offset adds to UTC (PS3.3 C.12.1.1.8)."""
    if offset is None:
        return timedelta()
    minutes = int(offset[1:3]) * 60 + int(offset[3:5])
    return timedelta(minutes=-minutes if offset[0] == "-" else minutes)


_END = rf"\d{{4,14}}(?:\.\d{{1,6}})?(?:{_OFFSET})?"
_DATE_TIME_RANGE = re.compile(rf"({_END})?\s*-\s*({_END})?")


def range_ends(vr: str, key: str) -> tuple[str, str] | None:
    """The two ends of a range, empty where it is open; None for a single value (PS3.4 C.2.2.2.5)."""
    if vr in {"DA", "TM"}:
        low, dash, high = key.partition("-")
        return (low.strip(), high.strip()) if dash else None
    # The offset of a single DT may begin with a hyphen too.
    if _DATE_TIME.fullmatch(key.strip()) or not (found := _DATE_TIME_RANGE.fullmatch(key.strip())):
        return None
    return found[1] or "", found[2] or ""
