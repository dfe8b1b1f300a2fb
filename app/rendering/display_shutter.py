"""Display shutters: what lies outside of them is not to be seen (PS3.3 C.7.6.11, C.7.6.15, C.11.12)."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from app.rendering.attributes import Attributes, FrameAttributes
from app.rendering.cielab import srgb_of_cielab
from app.rendering.overlays import overlay_mask, shutter_group

_FARTHEST = 1e5
"""What lies farther from the image is as far as that: Pillow counts in 32 bits."""


def shuttered(levels: NDArray[np.uint8], frame: FrameAttributes) -> NDArray[np.uint8]:
    """A gray or RGB picture of the image, with the shutter's color outside of all its shapes.

    ``frame`` are the attributes of an image or of a presentation state: it may have a shutter of its own, or that of
    all frames (PS3.3 C.7.6.16.2.16).
    """
    shutter = frame.group("FrameDisplayShutterSequence")
    if "ShutterShape" not in shutter:
        return levels
    rows, columns = levels.shape[:2]
    closed = np.zeros((rows, columns), np.bool)
    for shape in set(shutter.texts("ShutterShape")) & _OPENINGS.keys():
        opening = Image.new("1", (columns, rows))
        _OPENINGS[shape](ImageDraw.Draw(opening), shutter)
        # A shape without its measures, or nowhere upon the image, is a slip: nothing would be seen.
        if opening.getbbox():
            closed |= ~np.asarray(opening)
    group = shutter_group(frame)
    bitmap = None if group is None else overlay_mask(frame, group, (rows, columns))
    if bitmap is not None:
        closed |= bitmap
    if not closed.any():
        return levels
    covered = levels.copy()
    covered[closed] = _shade(shutter, is_color=levels.ndim == 3)
    return covered


def _shade(shutter: Attributes, *, is_color: bool) -> int | tuple[int, int, int]:
    """What takes the place of the image: black, where nothing is said."""
    color = srgb_of_cielab(shutter.numbers("ShutterPresentationColorCIELabValue")) if is_color else None
    return color or (shutter.integer("ShutterPresentationValue") or 0) >> 8 & 0xFF


def _near(number: float) -> float:
    return min(max(number, -_FARTHEST), _FARTHEST)


def _rectangular(draw: ImageDraw.ImageDraw, attributes: Attributes) -> None:
    """The edges are the columns and rows, counted from 1, next to what is open."""
    left, upper, right, lower = (_near(attributes.number(f"Shutter{edge}Edge") or 0) for edge in _EDGES)
    if left <= right - 2 and upper <= lower - 2:
        draw.rectangle((left, upper, right - 2, lower - 2), 1)


_EDGES = ("LeftVertical", "UpperHorizontal", "RightVertical", "LowerHorizontal")


def _circular(draw: ImageDraw.ImageDraw, attributes: Attributes) -> None:
    center = [_near(number) for number in attributes.numbers("CenterOfCircularShutter")]
    radius = _near(attributes.number("RadiusOfCircularShutter") or 0)
    if len(center) == 2 and radius > 0:
        row, column = center[0] - 1, center[1] - 1
        draw.ellipse((column - radius, row - radius, column + radius, row + radius), 1)


def _polygonal(draw: ImageDraw.ImageDraw, attributes: Attributes) -> None:
    vertices = [_near(number) for number in attributes.numbers("VerticesOfThePolygonalShutter")]
    points = [(column - 1, row - 1) for row, column in zip(vertices[::2], vertices[1::2], strict=False)]
    if len(points) > 2:
        draw.polygon(points, 1)


_OPENINGS = {"RECTANGULAR": _rectangular, "CIRCULAR": _circular, "POLYGONAL": _polygonal}
