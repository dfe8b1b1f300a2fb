"""Pixel padding: values that are no image, around it or where nothing was measured (PS3.3 C.7.5.1.1.2)."""

import numpy as np
from numpy.typing import NDArray

from app.codecs.pixels import PixelDescription
from app.rendering.attributes import Attributes
from app.rendering.decoded_frame import Samples

_PREFIXES = {32: "Float", 64: "DoubleFloat"}
"""Of the attributes' keywords for floating point pixels, by their bits."""


def is_padding(values: Samples, attributes: Attributes, pixels: PixelDescription) -> NDArray[np.bool] | None:
    """Which stored values are padding; None when none is."""
    prefix = _PREFIXES[pixels.bits_allocated] if pixels.is_float else ""
    value = attributes.number(f"{prefix}PixelPaddingValue")
    if value is None:
        return None
    limit = attributes.number(f"{prefix}PixelPaddingRangeLimit")
    ends = [_in_range(end, pixels) for end in (value, value if limit is None else limit)]
    return np.asarray((values >= min(ends)) & (values <= max(ends)))


def _in_range(value: float, pixels: PixelDescription) -> float:
    """Padding is as signed as the pixels, though some writers give it the other VR."""
    if pixels.is_float:
        return value
    span = 1 << pixels.bits_allocated
    least = -span // 2 if pixels.is_signed else 0
    return (value - least) % span + least
