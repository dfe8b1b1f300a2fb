"""The value field of a data element from its DICOM JSON values, VR by VR: ``values`` the other way (PS3.18 F.2.3).

All bytes are little endian and all text is UTF-8. What a client sends is checked here and nowhere else; whoever says
something that is no value of the VR gets a ValueError.
"""

import binascii
import struct
from collections.abc import Callable, Mapping, Sequence
from math import isfinite

from app.dicom.values import NAME_GROUPS

Encode = Callable[[Sequence[object]], bytes]
"""The members of the ``Value`` array to a value field, not yet padded."""

DECIMAL_LENGTH = 16
"""Characters of a decimal string at most (PS3.5 6.2)."""

_PADDING_SPACE = frozenset(
    {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UR", "UT"}
)


def encode_values(vr: str, values: Sequence[object]) -> bytes:
    """The value field of even length. Raises ValueError when a value cannot be of this VR."""
    encode = _ENCODERS.get(vr)
    if encode is None:
        raise ValueError(f"VR {vr} has no Value")
    return padded(vr, encode(values))


def decode_inline_binary(vr: str, text: object) -> bytes:
    """The value field that InlineBinary holds, of even length. Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError("InlineBinary is not a string")
    try:
        return padded(vr, binascii.a2b_base64(text.encode("ascii", "replace"), strict_mode=True))
    except binascii.Error as error:
        raise ValueError(f"InlineBinary is not Base64 ({error})") from error


def padding(vr: str, length: int) -> bytes:
    """What follows a value field of this length so that it becomes even (PS3.5 6.2)."""
    return (b" " if vr in _PADDING_SPACE else b"\0") * (length % 2)


def padded(vr: str, value: bytes) -> bytes:
    """The value field with an even length."""
    return value + padding(vr, len(value))


def _strings(values: Sequence[object]) -> bytes:
    """AE, AS, CS, DA, DT, TM, UI: the default character repertoire, whatever the character set (PS3.5 6.1.2.3)."""
    return _default_repertoire("\\".join(map(_string, values)))


def _texts(values: Sequence[object]) -> bytes:
    """LO, SH, UC: several values, between which a backslash stands."""
    return "\\".join(map(_string, values)).encode()


def _one_text(values: Sequence[object]) -> bytes:
    """LT, ST, UT: one value, in which a backslash is a character."""
    return _only(values).encode()


def _uri(values: Sequence[object]) -> bytes:
    return _default_repertoire(_only(values))


def _only(values: Sequence[object]) -> str:
    if len(values) > 1:
        raise ValueError("there is more than one value")
    return "".join(map(_string, values))


def _default_repertoire(text: str) -> bytes:
    """As Latin-1, of which the repertoire is the first half, for so such values are read (see ``values``)."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(f"{_shown(text)} has characters outside the default repertoire") from None


def _string(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{_shown(value)} is not a string")
    return value


def _person_names(values: Sequence[object]) -> bytes:
    return "\\".join(map(_person_name, values)).encode()


def _person_name(value: object) -> str:
    """The component groups joined, without delimiters at the end (PS3.5 6.2.1). Some clients send them so."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if not isinstance(value, Mapping):
        raise ValueError(f"{_shown(value)} is not a person name")
    return "=".join(_string(value.get(group)) for group in NAME_GROUPS).rstrip("=")


def _decimals(values: Sequence[object]) -> bytes:
    return "\\".join(map(_decimal, values)).encode("ascii")


def _decimal(value: object) -> str:
    """A decimal string; one that comes as a string stays as it is (PS3.18 F.2.3 Note)."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _checked(value, float)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{_shown(value)} is not a number")
    return _short(float(value))


def _short(number: float) -> str:
    """The number with as many digits as a decimal string may have: all of them, where they fit."""
    if not isfinite(number):
        raise ValueError(f"{number!r} is not a decimal string")
    roundings = (repr(number), *(f"{number:.{digits}g}" for digits in range(DECIMAL_LENGTH, 0, -1)))
    spellings = (text for rounded in roundings for text in (rounded.removesuffix(".0"), _bare_point(rounded)))
    return next(text for text in spellings if len(text) <= DECIMAL_LENGTH)


def _bare_point(text: str) -> str:
    """Without the zero before the point, which takes the place of a digit."""
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def _integers(values: Sequence[object]) -> bytes:
    return "\\".join(map(_integer_string, values)).encode("ascii")


def _integer_string(value: object) -> str:
    if value is None:
        return ""
    return _checked(value, int) if isinstance(value, str) else str(_integer(value))


def _checked(text: str, parse: Callable[[str], object]) -> str:
    """The text, which ``parse`` understands; Python also takes underscores and the digits of all scripts."""
    try:
        parse(text)
    except ValueError:
        raise ValueError(f"{_shown(text)} is not a number") from None
    if "_" in text or not text.isascii():
        raise ValueError(f"{_shown(text)} is not a number")
    return text.strip()


def _integer(value: object) -> int:
    """A whole number; also a string, as great ones come (PS3.18 F.2.3 Note), and 1.0, as some encoders write 1."""
    if isinstance(value, str):
        return int(_checked(value, int))
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise ValueError(f"{_shown(value)} is not a whole number")


def _float(value: object) -> float:
    """A number; also the strings NaN, Infinity and -Infinity, for which JSON has no number."""
    if isinstance(value, str):
        return float(_checked(value, float))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{_shown(value)} is not a number")
    return float(value)


def _binary(code: str, number: Callable[[object], float]) -> Encode:
    """Numbers as ``struct`` packs them by a type that it names."""

    def encode(values: Sequence[object]) -> bytes:
        try:
            return struct.pack(f"<{len(values)}{code}", *map(number, values))
        except (struct.error, OverflowError) as error:
            raise ValueError(str(error)) from error

    return encode


def _tags(values: Sequence[object]) -> bytes:
    return b"".join(map(_tag, values))


def _tag(value: object) -> bytes:
    if not isinstance(value, str) or len(value) != 8:
        raise ValueError(f"{_shown(value)} is not a tag of eight hexadecimal digits")
    return struct.pack("<HH", int(value[:4], 16), int(value[4:], 16))


def _shown(value: object) -> str:
    """A value for an error message, which a client may have made as long as it likes."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


_ENCODERS: dict[str, Encode] = {
    "AT": _tags,
    "DS": _decimals,
    "FD": _binary("d", _float),
    "FL": _binary("f", _float),
    "IS": _integers,
    "PN": _person_names,
    "SL": _binary("l", _integer),
    "SS": _binary("h", _integer),
    "SV": _binary("q", _integer),
    "UL": _binary("L", _integer),
    "US": _binary("H", _integer),
    "UV": _binary("Q", _integer),
    "UR": _uri,
    **dict.fromkeys(("AE", "AS", "CS", "DA", "DT", "TM", "UI"), _strings),
    **dict.fromkeys(("LO", "SH", "UC"), _texts),
    **dict.fromkeys(("LT", "ST", "UT"), _one_text),
}
"""By VR; the binary VRs and SQ are absent."""
