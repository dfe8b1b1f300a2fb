"""What the values of a VR must be like, as far as DICOM JSON still shows it (PS3.5 6.2, 6.2.1 and 9.1).

What it does not show is not checked:

- the padding of the last value, and with it odd lengths and the wrong padding character;
- the text of a DS or an IS: more than 16 or 12 bytes, or an IS with a decimal point. JSON has the number;
- a DS or an IS whose only value is no number: it reads as empty. Among several values it is a null, as an empty one;
- component groups of a PN behind the third;
- whether Specific Character Set was there for text that needs it, and whether its terms are known;
- numbers that were binary, which always fit their VR.

Not checked either is the upper limit of UC, UR and UT, 2^32-2 bytes.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

Accepts = Callable[[Sequence[object]], bool]
"""Whether the members of a ``Value`` array are all as they must be; None is an empty value among others."""


@dataclass(frozen=True, slots=True)
class ValueRule:
    """What a VR asks of each value; ``demand`` says it in words, to be read after "is not"."""

    accepts: Accepts
    demand: str


_TIME_OF_DAY = r"(?:[01][0-9]|2[0-3])(?:[0-5][0-9](?:(?:[0-5][0-9]|60)(?:\.[0-9]{1,6})?)?)?"
"""HH, HHMM, HHMMSS or HHMMSS.FFFFFF; a leap second is the 60th."""

_UTC_OFFSET = r"(?:\+(?:0[0-9]|1[0-3])[0-5][0-9]|\+1400|-(?!0000)(?:0[0-9]|1[01])[0-5][0-9]|-1200)"
"""From -1200 to +1400; not -0000."""

_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_DATE_TIME = re.compile(rf"([0-9]{{4}})(?:([0-9]{{2}})(?:([0-9]{{2}})(?:{_TIME_OF_DAY})?)?)?{_UTC_OFFSET}? *")

_COMPONENT = "(?:0|[1-9][0-9]*)"
_UID = rf"(?!.{{65}}){_COMPONENT}(?:\.{_COMPONENT})*"

_LINE = r"[^\x00-\x1a\x1c-\x1f\x7f-\x9f\ufffd]"
"""A character but a control character; ESC is none here, as escape sequences may stay in text of unknown terms.

U+FFFD stands where the bytes were no character of the character set.
"""
_PARAGRAPH = r"[^\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffd]"
"""The same, and TAB, LF, FF and CR."""

_NAME_GROUP = re.compile(rf"(?!.{{65}})(?:(?!\^){_LINE})*(?:\^(?:(?!\^){_LINE})*){{0,4}}")

_INT32 = range(-(2**31), 2**31)


def _match(pattern: str) -> Accepts:
    fullmatch = re.compile(pattern).fullmatch
    return _each(lambda text: fullmatch(text) is not None)


def _each(accepts: Callable[[str], bool]) -> Accepts:
    return lambda values: all(value is None or (isinstance(value, str) and accepts(value)) for value in values)


def _is_date(text: str) -> bool:
    match = _DATE.fullmatch(text)
    return match is not None and _is_day(*match.groups())


def _is_date_time(text: str) -> bool:
    match = _DATE_TIME.fullmatch(text)
    return match is not None and _is_day(match[1], match[2] or "01", match[3] or "01")


def _is_day(year: str, month: str, day: str) -> bool:
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def _are_names(values: Sequence[object]) -> bool:
    return all(value is None or (isinstance(value, dict) and _is_name([*value.values()])) for value in values)


def _is_name(groups: Sequence[object]) -> bool:
    return all(isinstance(group, str) and _NAME_GROUP.fullmatch(group) is not None for group in groups)


def _are_decimals(values: Sequence[object]) -> bool:
    # Contours have many thousands of values, so their types are looked at all together.
    return {*map(type, values)} <= {int, float}


def _are_integers(values: Sequence[object]) -> bool:
    return all(isinstance(value, int) and value in _INT32 for value in values)


VALUE_RULES: dict[str, ValueRule] = {
    "AE": ValueRule(_match(r"[ -\[\]-~]{1,16}"), "at most 16 characters of ASCII without backslash"),
    "AS": ValueRule(_match(r"[0-9]{3}[DWMY]"), "an age of three digits and one of D, W, M and Y"),
    "CS": ValueRule(_match(r"[A-Z0-9 _]{1,16}"), "at most 16 capital letters, digits, spaces and underscores"),
    "DA": ValueRule(_each(_is_date), "a date YYYYMMDD of the calendar"),
    "DS": ValueRule(_are_decimals, "a decimal number"),
    "DT": ValueRule(_each(_is_date_time), "a date and time YYYYMMDDHHMMSS.FFFFFF&ZZXX or the beginning of it"),
    "IS": ValueRule(_are_integers, "an integer of 32 bits"),
    "LO": ValueRule(_match(_LINE + "{1,64}"), "at most 64 readable characters on one line"),
    "LT": ValueRule(_match(_PARAGRAPH + "{1,10240}"), "at most 10240 readable characters"),
    "PN": ValueRule(_are_names, "a name with at most 64 readable characters and 5 components in each group"),
    "SH": ValueRule(_match(_LINE + "{1,16}"), "at most 16 readable characters on one line"),
    "ST": ValueRule(_match(_PARAGRAPH + "{1,1024}"), "at most 1024 readable characters"),
    "TM": ValueRule(_match(_TIME_OF_DAY + " *"), "a time HHMMSS.FFFFFF or the beginning of it"),
    "UC": ValueRule(_match(_LINE + "+"), "readable characters on one line"),
    "UI": ValueRule(_match(_UID), "a UID of at most 64 digits and dots without leading zeros"),
    "UR": ValueRule(_match(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+"), "a URI"),
    "UT": ValueRule(_match(_PARAGRAPH + "+"), "readable characters"),
}
"""By VR; absent are the VRs of which DICOM JSON cannot show a bad value."""
