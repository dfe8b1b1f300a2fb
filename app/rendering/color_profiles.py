"""ICC profiles of the color spaces that a client may name (PS3.18 8.3.5.1.5), made from their definitions (ICC.1)."""

import struct
from dataclasses import dataclass
from functools import cache

from app.rendering.options import IccProfile

_HEADER_BYTES = 128
_D50 = (0.9642, 1.0, 0.8249)
_CREATED = (2024, 1, 1, 0, 0, 0)
"""A fixed date: the same request gives the same bytes."""


@dataclass(frozen=True, slots=True)
class ColorSpace:
    """The red, green and blue primaries as XYZ adapted to D50, and the curve of all three.

    The curve has the parameters g, a, b, c, d: y is (a x + b) ^ g from d on, and c x below.
    """

    name: str
    primaries: tuple[tuple[float, float, float], ...]
    curve: tuple[float, float, float, float, float]


COLOR_SPACES = {
    IccProfile.SRGB: ColorSpace(
        "sRGB IEC 61966-2-1",
        ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410)),
        (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
    ),
    IccProfile.ADOBERGB: ColorSpace(
        "Adobe RGB (1998) compatible",
        ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)),
        (563 / 256, 1, 0, 0, 0),
    ),
    IccProfile.ROMMRGB: ColorSpace(
        "ROMM RGB ISO 22028-2",
        ((0.79767, 0.28804, 0.0), (0.13519, 0.71188, 0.0), (0.03134, 0.00009, 0.82491)),
        (1.8, 1, 0, 1 / 16, 1 / 32),
    ),
    IccProfile.DISPLAYP3: ColorSpace(
        "Display P3",
        ((0.51512, 0.24119, -0.00105), (0.29198, 0.69224, 0.04188), (0.15710, 0.06657, 0.78407)),
        (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
    ),
}
"""By the parameter's value."""


@cache
def profile_bytes(space: IccProfile) -> bytes:
    """The ICC profile of a color space, of version 4."""
    definition = COLOR_SPACES[space]
    curve = b"para" + struct.pack(">IHH", 0, 3, 0) + b"".join(map(_fixed, definition.curve))
    tags = {
        b"desc": _text(definition.name),
        b"cprt": _text("No copyright, use freely"),
        b"wtpt": _xyz(_D50),
        **{f"{color}XYZ".encode(): _xyz(xyz) for color, xyz in zip("rgb", definition.primaries, strict=True)},
        **{f"{color}TRC".encode(): curve for color in "rgb"},
    }
    table, data = struct.pack(">I", len(tags)), b""
    start = _HEADER_BYTES + 4 + 12 * len(tags)
    for signature, value in tags.items():
        table += signature + struct.pack(">II", start + len(data), len(value))
        data += value + bytes(-len(value) % 4)
    return _header(start + len(data)) + table + data


def _header(size: int) -> bytes:
    header = struct.pack(">II4s4s4s4s6H4s", size, 0, b"\x04\x20\0\0", b"mntr", b"RGB ", b"XYZ ", *_CREATED, b"acsp")
    return (header.ljust(68, b"\0") + b"".join(map(_fixed, _D50))).ljust(_HEADER_BYTES, b"\0")[:_HEADER_BYTES]


def _fixed(number: float) -> bytes:
    """A number with 16 bits behind the point."""
    return struct.pack(">i", round(number * 0x10000))


def _xyz(xyz: tuple[float, float, float]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(map(_fixed, xyz))


def _text(text: str) -> bytes:
    """One text, in English."""
    encoded = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">III4sII", 0, 1, 12, b"enUS", len(encoded), 28) + encoded
