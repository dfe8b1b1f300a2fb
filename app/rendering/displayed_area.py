"""The displayed area of a presentation state: which part of the image, turned how (PS3.3 C.10.4, C.10.6).

Of the ways to find its size on the screen, MAGNIFY says so many pixels; SCALE TO FIT leaves it to the viewport, and so
does TRUE SIZE, for nobody knows here how large the pixels of the screen are.
"""

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from app.rendering.attributes import FrameAttributes
from app.rendering.options import Viewport
from app.rendering.presentation_state import PresentationState
from app.rendering.viewport import pixel_aspect_ratio

_LARGEST = 2
"""How many times as wide and high as the image an area may be: beyond, only the image is shown."""

_MAX_SIDE = 8192
"""Pixels of a magnified area in each direction at most."""


@dataclass(frozen=True, slots=True)
class DisplayedArea:
    """A rectangle of whole pixels of the image, then turned clockwise by quarters, then flipped left to right.

    It may reach beyond the image: the annotations of the display are placed within all of it. ``aspect_ratio`` is the
    height of a pixel by its width, before it is turned. ``magnification`` is of pixels to those of the display, if it
    is said.
    """

    left: int
    top: int
    right: int
    bottom: int
    quarter_turns: int
    flipped: bool
    aspect_ratio: float
    magnification: float | None

    @classmethod
    def read(cls, state: PresentationState, frame: FrameAttributes, rows: int, columns: int) -> "DisplayedArea":
        """The area of a frame; the whole image where the state says nothing, or nothing within the image."""
        area = next(iter(state.items("DisplayedAreaSelectionSequence")), None)
        left, top, right, bottom = 0, 0, columns, rows
        ratio, magnification = pixel_aspect_ratio(frame), None
        if area is not None:
            corners = area.numbers("DisplayedAreaTopLeftHandCorner"), area.numbers("DisplayedAreaBottomRightHandCorner")
            if all(len(corner) == 2 for corner in corners):
                left, right = _span(corners[0][0], corners[1][0], columns)
                top, bottom = _span(corners[0][1], corners[1][1], rows)
            spacing = area.numbers("PresentationPixelSpacing") or area.numbers("PresentationPixelAspectRatio")
            ratio = spacing[0] / spacing[1] if len(spacing) == 2 and min(spacing) > 0 else ratio
            if area.text("PresentationSizeMode") == "MAGNIFY":
                magnification = area.number("PresentationPixelMagnificationRatio")
        turns = (state.attributes.integer("ImageRotation") or 0) // 90 % 4
        flipped = state.attributes.text("ImageHorizontalFlip") == "Y"
        return cls(left, top, right, bottom, turns, flipped, ratio, magnification)

    @property
    def turned_aspect_ratio(self) -> float:
        """The height of a pixel by its width, after it is turned."""
        return 1 / self.aspect_ratio if self.quarter_turns % 2 else self.aspect_ratio

    @property
    def viewport(self) -> Viewport | None:
        """How large a magnified area is."""
        if self.magnification is None or self.magnification <= 0:
            return None
        sides = [self.right - self.left, (self.bottom - self.top) * self.aspect_ratio]
        width, height = (round(min(max(side * self.magnification, 1), _MAX_SIDE)) for side in sides)
        return Viewport(height, width) if self.quarter_turns % 2 else Viewport(width, height)

    def cut_out(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The area of a picture of the image, as it is turned; black where there is no image."""
        rows, columns = pixels.shape[:2]
        inside = pixels[max(self.top, 0) : self.bottom, max(self.left, 0) : self.right]
        above, before = max(-self.top, 0), max(-self.left, 0)
        below, behind = max(self.bottom - rows, 0), max(self.right - columns, 0)
        area = np.pad(inside, [(above, below), (before, behind), (0, 0)][: pixels.ndim])
        turned = np.rot90(area, -self.quarter_turns)
        return turned[:, ::-1] if self.flipped else turned

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows of what ``cut_out`` gives."""
        width, height = self.right - self.left, self.bottom - self.top
        return (height, width) if self.quarter_turns % 2 else (width, height)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the image (0 and 0 are the corner of the first pixel) lies in what ``cut_out`` gives."""
        x, y = x - self.left, y - self.top
        width, height = self.right - self.left, self.bottom - self.top
        for _ in range(self.quarter_turns):
            x, y = height - y, x
            width, height = height, width
        return width - x if self.flipped else x, y


def _span(one: float, other: float, size: int) -> tuple[int, int]:
    """First and behind the last of some columns or rows, of which two are given, counted from 1, in either order."""
    first, behind = floor(min(one, other)) - 1, ceil(max(one, other))
    if max(first, 0) >= min(behind, size):
        return 0, size
    return (first, behind) if behind - first <= _LARGEST * size else (max(first, 0), min(behind, size))
