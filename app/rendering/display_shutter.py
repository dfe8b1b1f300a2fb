"""Display shutters: what lies outside of them is not to be seen (PS3.3 C.7.6.11, C.11.12)."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from app.rendering.attributes import Attributes


def shuttered(levels: NDArray[np.uint8], attributes: Attributes) -> NDArray[np.uint8]:
    """A gray or RGB picture of the image, with the shutter's gray value outside of all its shapes."""
    shapes = set(attributes.texts("ShutterShape")) & _OPENINGS.keys()
    rows, columns = levels.shape[:2]
    closed = np.zeros((rows, columns), np.bool)
    for shape in shapes:
        opening = Image.new("1", (columns, rows))
        _OPENINGS[shape](ImageDraw.Draw(opening), attributes)
        closed |= ~np.asarray(opening)
    if not closed.any():
        return levels
    covered = levels.copy()
    covered[closed] = (attributes.integer("ShutterPresentationValue") or 0) >> 8 & 0xFF
    return covered


def _rectangular(draw: ImageDraw.ImageDraw, attributes: Attributes) -> None:
    """The edges are the columns and rows, counted from 1, next to what is open."""
    edges = [attributes.integer(f"Shutter{edge}Edge") for edge in _EDGES]
    left, upper, right, lower = (0 if edge is None else edge for edge in edges)
    if left < right - 1 and upper < lower - 1:
        draw.rectangle((left, upper, right - 2, lower - 2), 1)


_EDGES = ("LeftVertical", "UpperHorizontal", "RightVertical", "LowerHorizontal")


def _circular(draw: ImageDraw.ImageDraw, attributes: Attributes) -> None:
    center, radius = attributes.numbers("CenterOfCircularShutter"), attributes.number("RadiusOfCircularShutter") or 0
    if len(center) == 2:
        row, column = center[0] - 1, center[1] - 1
        draw.ellipse((column - radius, row - radius, column + radius, row + radius), 1)


def _polygonal(draw: ImageDraw.ImageDraw, attributes: Attributes) -> None:
    vertices = attributes.numbers("VerticesOfThePolygonalShutter")
    points = [(column - 1, row - 1) for row, column in zip(vertices[::2], vertices[1::2], strict=False)]
    if len(points) > 2:
        draw.polygon(points, 1)


_OPENINGS = {"RECTANGULAR": _rectangular, "CIRCULAR": _circular, "POLYGONAL": _polygonal}
