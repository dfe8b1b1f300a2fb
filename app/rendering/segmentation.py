"""Segmentations: each segment in the color that its maker recommends (PS3.3 A.51, C.8.20)."""

import numpy as np
from numpy.typing import NDArray

from app.rendering.attributes import Attributes, FrameAttributes
from app.rendering.cielab import Rgb, srgb_of_cielab
from app.rendering.decoded_frame import DecodedFrame
from app.rendering.errors import NotRenderable

_COLORS: tuple[Rgb, ...] = (
    (230, 80, 60),
    (90, 190, 90),
    (80, 130, 230),
    (240, 200, 70),
    (180, 100, 210),
    (70, 200, 200),
    (240, 140, 50),
    (200, 210, 120),
    (240, 150, 190),
    (150, 150, 150),
)
"""For segments without a recommended color, one after the other: light enough to be told from the black around."""


def is_segmentation(attributes: Attributes) -> bool:
    """Whether the pixels are those of segments."""
    return bool(attributes.text("SegmentationType"))


def segment_levels(decoded: DecodedFrame, frame: FrameAttributes) -> NDArray[np.uint8]:
    """RGB of the segments in a frame, black where there is none.

    The pixels of BINARY and FRACTIONAL frames are how much of one segment there is, those of LABELMAP frames the
    number of a segment (PS3.3 C.8.20.2.3). Raises NotRenderable for pixels of more bits than segmentations have.
    """
    if decoded.samples.dtype.itemsize > 2:
        raise NotRenderable("The pixels of a segmentation have at most 16 bits.")
    colors = {segment.integer("SegmentNumber") or 0: _color(segment) for segment in frame.items("SegmentSequence")}
    values = decoded.samples.astype(np.intp)
    if frame.text("SegmentationType") == "LABELMAP":
        return _label_colors(colors, int(values.max())).take(values, axis=0)
    number = frame.group("SegmentIdentificationSequence").integer("ReferencedSegmentNumber") or 1
    whole = 1
    if frame.text("SegmentationType") == "FRACTIONAL":
        whole = frame.integer("MaximumFractionalValue") or int(np.iinfo(np.uint8).max)
    fractions = np.minimum(np.arange(int(values.max()) + 1) / whole, 1)
    color = np.array(colors.get(number) or _default_color(number))
    shades: NDArray[np.uint8] = np.rint(fractions[:, np.newaxis] * color).astype(np.uint8)
    return shades.take(values, axis=0)


def _label_colors(colors: dict[int, Rgb], greatest: int) -> NDArray[np.uint8]:
    """The colors of the labels from 0 to the greatest; 0 is the background unless a segment has that number."""
    table = [colors.get(label) or _default_color(label) for label in range(greatest + 1)]
    if 0 not in colors:
        table[0] = (0, 0, 0)
    return np.array(table, np.uint8)


def _color(segment: Attributes) -> Rgb:
    recommended = srgb_of_cielab(segment.numbers("RecommendedDisplayCIELabValue"))
    return recommended or _default_color(segment.integer("SegmentNumber") or 0)


def _default_color(number: int) -> Rgb:
    return _COLORS[(number - 1) % len(_COLORS)]
