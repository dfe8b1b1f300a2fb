"""Color pixels to RGB of 8 bits (PS3.3 C.7.6.3.1.2, PS3.4 N.2.2)."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.rendering.decoded_frame import DecodedFrame
from app.rendering.errors import NotRenderable

RGB = frozenset({"RGB", "YBR_RCT", "YBR_ICT"})
"""What the samples of a decoded frame are when the instance says so: the transformations of JPEG 2000 belong to the
codestream, and its decoder undoes them (PS3.5 8.2.4)."""

YBR_FULL = frozenset({"YBR_FULL", "YBR_FULL_422"})


def rgb_levels(decoded: DecodedFrame) -> NDArray[np.uint8]:
    """RGB of shape (rows, columns, 3). Raises NotRenderable for a color space that is not known."""
    levels = _to_8_bit(decoded)
    if decoded.photometric_interpretation in RGB:
        return levels
    if decoded.photometric_interpretation in YBR_FULL:
        # Pillow's YCbCr is that of JPEG files: the equations are those of YBR_FULL.
        rows, columns, _ = levels.shape
        return np.asarray(Image.frombytes("YCbCr", (columns, rows), levels.tobytes()).convert("RGB"))
    raise NotRenderable(f"The photometric interpretation {decoded.photometric_interpretation[:16]} is not rendered.")


def _to_8_bit(decoded: DecodedFrame) -> NDArray[np.uint8]:
    """The upper 8 of the bits stored."""
    samples, pixels = decoded.samples, decoded.pixels
    if samples.ndim != 3 or pixels.is_float:
        raise NotRenderable(f"{decoded.photometric_interpretation[:16]} needs three integer samples for each pixel.")
    return np.asarray(samples >> max(decoded.high_bit - 7, 0)).astype(np.uint8, copy=False)
