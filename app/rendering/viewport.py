"""The viewport: a region of the image, cropped, scaled to fit, and flipped (PS3.18 8.3.5.1.3)."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.rendering.attributes import FrameAttributes
from app.rendering.errors import InvalidRenderingParameter
from app.rendering.options import Viewport

_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
_PLAUSIBLE_RATIO = 100
"""What goes beyond is a slip of the writer: an image so stretched would show nothing."""


def pixel_aspect_ratio(frame: FrameAttributes) -> float:
    """Height of a pixel by its width (PS3.3 C.7.6.3.1.7, 10.7); 1 when nothing is said."""
    group = frame.group("PixelMeasuresSequence")
    sides = next((pair for name in _SPACINGS if len(pair := group.numbers(name)) == 2), None)
    height, width = sides or [*frame.numbers("PixelAspectRatio"), 1, 1][:2]
    ratio = height / width if width > 0 else 0
    return ratio if 1 / _PLAUSIBLE_RATIO <= ratio <= _PLAUSIBLE_RATIO else 1


@dataclass(frozen=True, slots=True)
class Scaling:
    """What becomes of a picture in a viewport: the region in its pixels, and the size of that in the viewport's."""

    left: float
    top: float
    right: float
    bottom: float
    width: int
    height: int
    flip_horizontally: bool
    flip_vertically: bool

    @classmethod
    def into(cls, viewport: Viewport, columns: int, rows: int, aspect_ratio: float) -> "Scaling":
        """The region of a picture of this size, as large as it fits into the viewport, pixels made square.

        ``aspect_ratio`` is the height of a pixel by its width. Raises InvalidRenderingParameter when the region lies
        outside of the picture.
        """
        left, top, right, bottom = _region(viewport, columns, rows)
        width, height = right - left, (bottom - top) * aspect_ratio
        scale = min(viewport.width / width, viewport.height / height)
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        return cls(left, top, right, bottom, *size, viewport.flip_horizontally, viewport.flip_vertically)

    def scaled(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture in the viewport."""
        # Whole pixels are cut out first, so that none outside of the region is mixed in.
        x, y = int(self.left), int(self.top)
        image = Image.fromarray(np.ascontiguousarray(pixels[y : ceil(self.bottom), x : ceil(self.right)]))
        box = self.left - x, self.top - y, self.right - x, self.bottom - y
        image = image.resize((self.width, self.height), Image.Resampling.BICUBIC, box, reducing_gap=2)
        steps = (
            slice(None, None, -1 if self.flip_vertically else 1),
            slice(None, None, -1 if self.flip_horizontally else 1),
        )
        return np.asarray(image)[steps]

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the picture (0 and 0 are the corner of the first pixel) lies in the viewport."""
        x = (x - self.left) * self.width / (self.right - self.left)
        y = (y - self.top) * self.height / (self.bottom - self.top)
        return self.width - x if self.flip_horizontally else x, self.height - y if self.flip_vertically else y


def fitted(pixels: NDArray[np.uint8], viewport: Viewport, aspect_ratio: float) -> NDArray[np.uint8]:
    """A picture in a viewport, as ``Scaling.into`` has it."""
    return Scaling.into(viewport, pixels.shape[1], pixels.shape[0], aspect_ratio).scaled(pixels)


def _region(viewport: Viewport, columns: int, rows: int) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the region within the picture."""
    right = columns if viewport.region_width is None else min(viewport.left + viewport.region_width, columns)
    bottom = rows if viewport.region_height is None else min(viewport.top + viewport.region_height, rows)
    if viewport.left >= right or viewport.top >= bottom:
        region = f"{viewport.left:g},{viewport.top:g}"
        raise InvalidRenderingParameter("viewport", region, f"the image has {columns} columns and {rows} rows")
    return viewport.left, viewport.top, right, bottom
