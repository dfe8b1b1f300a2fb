"""CIELab colors as attributes hold them, to sRGB (PS3.3 C.10.7.1.1)."""

import numpy as np
from numpy.typing import NDArray

Rgb = tuple[int, int, int]

_WHITE_D50 = np.array([0.9642, 1.0, 0.8249])
_LINEAR_SRGB_OF_XYZ_D50 = np.array(
    [[3.1341, -1.6174, -0.4907], [-0.9788, 1.9161, 0.0335], [0.0719, -0.2290, 1.4052]],
)
"""The matrix of IEC 61966-2-1, with the white point of the ICC profile connection space."""


def srgb_of_cielab(values: list[float]) -> Rgb | None:
    """The color of three values of 16 bits, L*, a*, b*; None when there are not three."""
    if len(values) != 3:
        return None
    parts = [min(max(value, 0), 0xFFFF) / 0xFFFF for value in values]
    lightness, a, b = parts[0] * 100, parts[1] * 255 - 128, parts[2] * 255 - 128
    luminance = (lightness + 16) / 116
    xyz = _cubed(np.array([luminance + a / 500, luminance, luminance - b / 200])) * _WHITE_D50
    linear = np.clip(_LINEAR_SRGB_OF_XYZ_D50 @ xyz, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = np.rint(encoded * 255).astype(int).tolist()
    return red, green, blue


def _cubed(roots: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of the function by which CIELab compresses X, Y and Z (CIE 15)."""
    return np.where(roots > 6 / 29, roots**3, (roots - 16 / 116) / 7.787)
