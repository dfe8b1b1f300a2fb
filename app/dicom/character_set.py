"""Text of all character sets that Specific Character Set can name (PS3.3 C.12.1.1.2, PS3.5 6.1).

The tables of terms, escape sequences and codecs are pydicom's. Its functions are not used: they warn about every
doubtful value through Python's warnings, which are global to the process and cost more than the decoding.
"""

import re
from functools import lru_cache

from pydicom.charset import CODES_TO_ENCODINGS, STAND_ALONE_ENCODINGS, handled_encodings, python_encoding
from pydicom.valuerep import TEXT_VR_DELIMS

Encodings = tuple[str, ...]
"""Python codecs in the order of Specific Character Set; the first is in force until an escape sequence."""

UTF8 = "utf-8"
_LATIN_1 = "latin-1"
_QUICK_NAMES = {"iso8859": _LATIN_1, "latin_1": _LATIN_1, "UTF8": UTF8}
"""Codec names that Python decodes without a look-up, which costs more than a short text."""

DEFAULT_ENCODINGS: Encodings = (_LATIN_1,)
"""Without Specific Character Set. ISO 646 by the standard; read as Latin-1 as pydicom does, so that no byte is lost."""

_ENCODINGS = {term: _QUICK_NAMES.get(codec, codec) for term, codec in python_encoding.items()}
_ESCAPE_SEQUENCES = {code: _QUICK_NAMES.get(codec, codec) for code, codec in CODES_TO_ENCODINGS.items()}

_ESCAPE = b"\x1b"
_ESCAPED_PARTS = re.compile(rb"^[^\x1b]+|\x1b[^\x1b]*")
_MISSPELLED = (
    (re.compile(r"^ISO[^_]IR"), "ISO_IR"),
    (re.compile(r"^ISO.2022.IR."), "ISO 2022 IR "),
)


_LONGEST_VALUE = 256
"""Bytes of Specific Character Set that are looked at; all terms of the standard together are shorter."""


def encodings_of(specific_character_set: bytes) -> Encodings:
    """The codecs that a value of Specific Character Set (0008,0005) asks for; unknown terms become the default.

    A term that stands alone by the standard (such as ISO_IR 192) is alone also when others are beside it.
    """
    return _encodings_of(specific_character_set[:_LONGEST_VALUE])


@lru_cache(maxsize=256)
def _encodings_of(specific_character_set: bytes) -> Encodings:
    terms = specific_character_set.decode(_LATIN_1).rstrip(" \x00").split("\\")
    if terms[0] in STAND_ALONE_ENCODINGS:
        return (_ENCODINGS[terms[0]],)
    return tuple(_codec(term) for index, term in enumerate(terms) if index == 0 or term not in STAND_ALONE_ENCODINGS)


def _codec(term: str) -> str:
    for pattern, right in _MISSPELLED:
        term = pattern.sub(right, term)
    return _ENCODINGS.get(term, _LATIN_1)


def decode(value: bytes, encodings: Encodings) -> str:
    """The text of a value; bytes that the character set does not have become U+FFFD, no value fails."""
    if _ESCAPE in value:
        return "".join(_decode_part(part, encodings) for part in _ESCAPED_PARTS.findall(value))
    return _decode(value, encodings[0])


def _decode(value: bytes, encoding: str) -> str:
    try:
        return value.decode(encoding)
    except UnicodeDecodeError:
        return value.decode(encoding, "replace")


def _decode_part(part: bytes, encodings: Encodings) -> str:
    """A run of bytes that an escape sequence may begin (PS3.5 6.1.2.5)."""
    if not part.startswith(_ESCAPE):
        return _decode(part, encodings[0])
    length = 4 if part.startswith((b"\x1b$(", b"\x1b$)")) else 3
    encoding = _ESCAPE_SEQUENCES.get(part[:length])
    if encoding not in (*encodings, _LATIN_1):
        return _decode(part, encodings[0])
    if encoding in handled_encodings:
        return _decode(part, encoding)
    text = part[length:]
    reset = next((index for index, byte in enumerate(text) if byte in TEXT_VR_DELIMS), len(text))
    return _decode(text[:reset], encoding) + _decode(text[reset:], encodings[0])
