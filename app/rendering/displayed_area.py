"""The displayed area of a presentation state: which part of the image, turned how (PS3.3 C.10.4, C.10.6)."""

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from app.rendering.attributes import FrameAttributes
from app.rendering.presentation_state import PresentationState
from app.rendering.viewport import pixel_aspect_ratio


@dataclass(frozen=True, slots=True)
class DisplayedArea:
    """A rectangle of whole pixels of the image, then turned clockwise by quarters, then flipped left to right.

    ``aspect_ratio`` is the height of a pixel by its width, before it is turned.
    """

    left: int
    top: int
    right: int
    bottom: int
    quarter_turns: int
    flipped: bool
    aspect_ratio: float

    @classmethod
    def read(cls, state: PresentationState, frame: FrameAttributes, rows: int, columns: int) -> "DisplayedArea":
        """The area of a frame; the whole image where the state says nothing, or nothing within the image."""
        area = next(iter(state.items("DisplayedAreaSelectionSequence")), None)
        left, top, right, bottom = 0, 0, columns, rows
        ratio = pixel_aspect_ratio(frame)
        if area is not None:
            corners = area.numbers("DisplayedAreaTopLeftHandCorner"), area.numbers("DisplayedAreaBottomRightHandCorner")
            if all(len(corner) == 2 for corner in corners):
                left, right = _span(corners[0][0], corners[1][0], columns)
                top, bottom = _span(corners[0][1], corners[1][1], rows)
            spacing = area.numbers("PresentationPixelSpacing") or area.numbers("PresentationPixelAspectRatio")
            ratio = spacing[0] / spacing[1] if len(spacing) == 2 and min(spacing) > 0 else ratio
        turns = (state.attributes.integer("ImageRotation") or 0) // 90 % 4
        flipped = state.attributes.text("ImageHorizontalFlip") == "Y"
        return cls(left, top, right, bottom, turns, flipped, ratio)

    def cut_out(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The area of a picture of the image, as it is turned."""
        turned = np.rot90(pixels[self.top : self.bottom, self.left : self.right], -self.quarter_turns)
        return turned[:, ::-1] if self.flipped else turned

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
    first, behind = max(floor(min(one, other)) - 1, 0), min(ceil(max(one, other)), size)
    return (first, behind) if first < behind else (0, size)
