"""From stored samples to gray levels or RGB: which of the transformation sequences a frame takes (PS3.4 N.2)."""

import numpy as np
from numpy.typing import NDArray

from app.rendering.attributes import FrameAttributes
from app.rendering.color import rgb_levels
from app.rendering.decoded_frame import DecodedFrame
from app.rendering.errors import NotRenderable
from app.rendering.grayscale import AS_DESCRIBED, GrayscaleStages, gray_levels
from app.rendering.palette_color import Palette, read_palette
from app.rendering.segmentation import is_segmentation, segment_levels
from app.rendering.tabulated import through_table

_MONOCHROME = frozenset({"MONOCHROME1", "MONOCHROME2"})
_WITH_COLOR = frozenset({"COLOR", "MIXED"})


def displayed_levels(
    decoded: DecodedFrame, frame: FrameAttributes, stages: GrayscaleStages = AS_DESCRIBED
) -> NDArray[np.uint8]:
    """Gray levels of shape (rows, columns), or RGB of shape (rows, columns, 3). Raises NotRenderable.

    ``stages`` are for grayscale images; colors are shown as they are.
    """
    if decoded.photometric_interpretation == "PALETTE COLOR":
        return _palette_levels(decoded, read_palette(frame))
    if decoded.photometric_interpretation not in _MONOCHROME:
        return rgb_levels(decoded)
    if decoded.samples.ndim != 2:
        raise NotRenderable("A monochrome image has one sample for each pixel.")
    if is_segmentation(frame):
        return segment_levels(decoded, frame)
    levels = gray_levels(decoded, frame, stages)
    supplemental = read_palette(frame) if frame.text("PixelPresentation") in _WITH_COLOR else None
    return levels if supplemental is None else _with_supplemental_palette(levels, decoded, supplemental)


def _palette_levels(decoded: DecodedFrame, palette: Palette | None) -> NDArray[np.uint8]:
    if palette is None or decoded.samples.ndim != 2:
        raise NotRenderable("The image has PALETTE COLOR pixels and no palette for them.")
    return through_table(lambda samples: palette(decoded.values(samples)), decoded.samples)


def _with_supplemental_palette(levels: NDArray[np.uint8], decoded: DecodedFrame, palette: Palette) -> NDArray[np.uint8]:
    """Gray, but for the stored values that the palette covers (PS3.3 C.7.6.19)."""
    values = decoded.values(decoded.samples)
    return np.where(palette.covers(values)[..., np.newaxis], palette(values), levels[..., np.newaxis])
