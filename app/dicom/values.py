"""The value field of a data element as DICOM JSON values, VR by VR (PS3.18 F.2.3, PS3.5 6.2).

Every function takes the bytes as they are in the file and gives the members of the ``Value`` array; an empty value
among others is None (PS3.18 F.2.5), an empty value field an empty list. No value fails: what cannot be read as its VR
says is None, for a text in a number's place would make clients refuse the whole data set.
"""

from binascii import b2a_base64
from collections.abc import Callable, Sequence
from math import isfinite, isnan
from struct import Struct, iter_unpack

from app.dicom.character_set import Encodings, decode
from app.dicom.native_bytes import swap_words
from app.dicom.person_name import groups

Value = str | int | float | dict[str, str] | None
Convert = Callable[[bytes, Encodings, bool], Sequence[Value]]
"""(value field, character sets, little endian) to JSON values."""

NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
"""The component groups of a person name in DICOM JSON (PS3.18 F.2.2)."""

MAX_SAFE_INTEGER = 2**53 - 1
"""Browsers hold numbers as float64; greater integers go as strings, which PS3.18 F.2.3 allows for IS, SV and UV."""

WORD_SIZES = {
    "AT": 2,
    "OW": 2,
    "OL": 4,
    "OF": 4,
    "OD": 8,
    "OV": 8,
    "US": 2,
    "SS": 2,
    "UL": 4,
    "SL": 4,
    "FL": 4,
    "FD": 8,
    "SV": 8,
    "UV": 8,
}
"""Bytes of the units that a big endian file swaps, by VR; 1 where absent (PS3.5 7.3)."""


def _strings(value: bytes, encodings: Encodings, little_endian: bool) -> list[Value]:
    """AS, CS, DA, DT, TM, UI: the default character repertoire."""
    text = value.decode("latin-1").rstrip(" \0")
    if "\\" not in text:
        return [text] if text else []
    return [part or None for part in text.split("\\")]


def _application_entities(value: bytes, encodings: Encodings, little_endian: bool) -> Sequence[Value]:
    return _readable([part.strip() or None for part in value.decode("latin-1").split("\\")])


def _readable(values: Sequence[Value]) -> Sequence[Value]:
    """The values; none where there is only one and it is empty or says nothing (PS3.18 F.2.5)."""
    return [] if len(values) == 1 and values[0] is None else values


def _texts(value: bytes, encodings: Encodings, little_endian: bool) -> list[Value]:
    """LO, SH, UC: several values in the character set."""
    text = decode(value, encodings)
    if "\\" not in text:
        text = text.rstrip("\0 ")
        return [text] if text else []
    return [part.rstrip("\0 ") or None for part in text.split("\\")]


def _one_text(value: bytes, encodings: Encodings, little_endian: bool) -> list[Value]:
    """LT, ST, UT: one value, in which a backslash is a character."""
    text = decode(value, encodings).rstrip("\0 ")
    return [text] if text else []


def _uri(value: bytes, encodings: Encodings, little_endian: bool) -> list[Value]:
    text = value.decode("latin-1").rstrip()
    return [text] if text else []


def _person_names(value: bytes, encodings: Encodings, little_endian: bool) -> Sequence[Value]:
    """PN: the component groups that are not empty, by name (PS3.18 F.2.2)."""
    text = decode(value.rstrip(b"\0 "), encodings)
    return _readable([_person_name(part) for part in text.split("\\")])


def _person_name(text: str) -> dict[str, str] | None:
    named = zip(NAME_GROUPS, groups(text), strict=True)
    return {name: group for name, group in named if group} or None


def _decimals(value: bytes, encodings: Encodings, little_endian: bool) -> Sequence[Value]:
    text = value.decode("latin-1").strip().rstrip(" \0")
    if not text:
        return []
    parts = text.split("\\")
    try:
        # Contours and dose grids have many thousands of values: all are tried at once first.
        numbers = [*map(float, parts)]
    except ValueError:
        return _readable([_decimal(part) for part in parts])
    return numbers if all(map(isfinite, numbers)) else _readable([_decimal(part) for part in parts])


def _decimal(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


def _integers(value: bytes, encodings: Encodings, little_endian: bool) -> Sequence[Value]:
    text = value.decode("latin-1").rstrip(" \0")
    return _readable([_integer(part) for part in text.split("\\")]) if text else []


def _integer(text: str) -> Value:
    try:
        return _safe(int(text))
    except ValueError:
        # Some writers put a decimal point into IS.
        decimal = _decimal(text)
        return None if decimal is None else _safe(int(decimal))


def _safe(number: int) -> int | str:
    return number if -MAX_SAFE_INTEGER <= number <= MAX_SAFE_INTEGER else str(number)


def _tags(value: bytes, encodings: Encodings, little_endian: bool) -> list[Value]:
    pairs = iter_unpack("<HH" if little_endian else ">HH", value[: len(value) - len(value) % 4])
    return [f"{group:04X}{element:04X}" for group, element in pairs]


def _unpacker(code: str) -> Callable[[bytes, bool], list[float]]:
    """Read all binary numbers of a type that ``struct`` names; bytes left over are dropped."""
    one = {True: Struct("<" + code), False: Struct(">" + code)}
    size = one[True].size

    def unpack(value: bytes, little_endian: bool) -> list[float]:
        if len(value) == size:
            return [*one[little_endian].unpack(value)]
        whole = value[: len(value) - len(value) % size]
        return [number for (number,) in one[little_endian].iter_unpack(whole)]

    return unpack


def _numbers(code: str) -> Convert:
    unpack = _unpacker(code)
    return lambda value, encodings, little_endian: unpack(value, little_endian)


def _long_numbers(code: str) -> Convert:
    unpack = _unpacker(code)
    return lambda value, encodings, little_endian: [_safe(int(number)) for number in unpack(value, little_endian)]


def _floats(code: str) -> Convert:
    unpack = _unpacker(code)

    def convert(value: bytes, encodings: Encodings, little_endian: bool) -> Sequence[Value]:
        numbers = unpack(value, little_endian)
        return numbers if all(map(isfinite, numbers)) else [_finite(number) for number in numbers]

    return convert


def _finite(number: float) -> float | str:
    """JSON has no infinity and no NaN; ``Number`` in browsers and ``float`` in Python read these strings as such."""
    if isfinite(number):
        return number
    if isnan(number):
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"


CONVERTERS: dict[str, Convert] = {
    "AE": _application_entities,
    "AT": _tags,
    "DS": _decimals,
    "FD": _floats("d"),
    "FL": _floats("f"),
    "IS": _integers,
    "PN": _person_names,
    "SL": _numbers("l"),
    "SS": _numbers("h"),
    "SV": _long_numbers("q"),
    "UL": _numbers("L"),
    "UR": _uri,
    "US": _numbers("H"),
    "UV": _long_numbers("Q"),
    **dict.fromkeys(("AS", "CS", "DA", "DT", "TM", "UI"), _strings),
    **dict.fromkeys(("LO", "SH", "UC"), _texts),
    **dict.fromkeys(("LT", "ST", "UT"), _one_text),
}
"""By VR; the binary VRs and SQ are absent."""


def inline_binary(vr: str, value: bytes, little_endian: bool) -> str:
    """The Base64 text of a binary value, little endian whatever the file's byte order (PS3.18 F.2.7)."""
    if not little_endian:
        value = swap_words(value, WORD_SIZES.get(vr, 1))
    return b2a_base64(value, newline=False).decode("ascii")
