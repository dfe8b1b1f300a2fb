"""Text of all character sets that Specific Character Set can name (PS3.3 C.12.1.1.2, PS3.5 6.1).

The tables of names, escape sequences and codecs are pydicom's. Its functions are not used: they warn about every doubtful
value through Python's warnings, which are global to the process and cost more than the decoding.
"""

import re
from functools import lru_cache

from pydicom.charset import CODES_TO_ENCODINGS, STAND_ALONE_ENCODINGS, default_encoding, handled_encodings, python_encoding
from pydicom.valuerep import TEXT_VR_DELIMS

Encodings = tuple[str, ...]
"""Python codecs in the order of Specific Character Set; the first is in force until an escape sequence."""

DEFAULT_ENCODINGS: Encodings = (default_encoding,)
"""Without Specific Character Set. ISO 646 by the standard; read as Latin-1 as pydicom does, so that no byte is lost."""

_ESCAPE = b"\x1b"
_ESCAPED_PARTS = re.compile(rb"^[^\x1b]+|\x1b[^\x1b]*")
_MISSPELLED = (
    (re.compile(r"^ISO[^_]IR"), "ISO_IR"),
    (re.compile(r"^ISO.2022.IR."), "ISO 2022 IR "),
)


@lru_cache(maxsize=256)
def encodings_of(specific_character_set: bytes) -> Encodings:
    """The codecs that a value of Specific Character Set (0008,0005) asks for; unknown terms become the default.

    A term that stands alone by the standard (such as ISO_IR 192) is alone also when others are beside it.
    """
    terms = specific_character_set.decode(default_encoding).rstrip(" \x00").split("\\")
    if terms[0] in STAND_ALONE_ENCODINGS:
        return (python_encoding[terms[0]],)
    return tuple(_codec(term) for index, term in enumerate(terms) if index == 0 or term not in STAND_ALONE_ENCODINGS)


def _codec(term: str) -> str:
    for pattern, right in _MISSPELLED:
        term = pattern.sub(right, term)
    return python_encoding.get(term, default_encoding)


def decode(value: bytes, encodings: Encodings) -> str:
    """The text of a value; bytes that the character set does not have become U+FFFD, no value fails."""
    if _ESCAPE not in value:
        return value.decode(encodings[0], errors="replace")
    return "".join(_decode_part(part, encodings) for part in _ESCAPED_PARTS.findall(value))


def _decode_part(part: bytes, encodings: Encodings) -> str:
    """A run of bytes that an escape sequence begins (PS3.5 6.1.2.5)."""
    length = 4 if part.startswith((b"\x1b$(", b"\x1b$)")) else 3
    encoding = CODES_TO_ENCODINGS.get(part[:length]) if part.startswith(_ESCAPE) else encodings[0]
    if encoding is None or encoding not in (*encodings, default_encoding):
        return part.decode(encodings[0], errors="replace")
    if encoding in handled_encodings or not part.startswith(_ESCAPE):
        return part.decode(encoding, errors="replace")
    text = part[length:]
    reset = next((index for index, byte in enumerate(text) if byte in TEXT_VR_DELIMS), len(text))
    return text[:reset].decode(encoding, errors="replace") + text[reset:].decode(encodings[0], errors="replace")
