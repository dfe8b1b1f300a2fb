"""Graphic annotations of a presentation state: lines, shapes and texts upon the image (PS3.3 C.10.5, C.10.7)."""

from collections.abc import Callable, Sequence
from math import cos, pi, sin

from PIL import Image, ImageDraw

from app.rendering.attributes import Attributes
from app.rendering.cielab import Rgb, srgb_of_cielab
from app.rendering.lettering import font
from app.rendering.presentation_state import PresentationState

Point = tuple[float, float]
Place = Callable[[float, float, str], Point]
"""From the point of a graphic, in its units PIXEL or DISPLAY, to the point of the picture."""

_YELLOW: Rgb = (255, 230, 80)
"""The color of layers that recommend none."""

_FARTHEST = 1e5
"""What lies farther from the picture is as far as that: Pillow counts in 32 bits."""

_ANCHORS = {"center": "ma", "right": "ra"}
"""Where in its first line a text is placed, by its justification in lower case; else at the left."""

_CURVE_POINTS = 72
_MAX_CHARACTERS = 256


def draw_annotations(image: Image.Image, state: PresentationState, place: Place) -> None:
    """Draw upon an RGB picture, layer by layer. ``place`` tells where the points of graphics are in it."""
    layers = {layer.text("GraphicLayer"): layer for layer in state.attributes.items("GraphicLayerSequence")}
    nothing = Attributes({}, lambda uri: b"")

    def layer_of(annotation: Attributes) -> Attributes:
        return layers.get(annotation.text("GraphicLayer"), nothing)

    annotations = state.items("GraphicAnnotationSequence")
    for annotation in sorted(annotations, key=lambda each: layer_of(each).number("GraphicLayerOrder") or 0):
        _Pen(image, _color(layer_of(annotation)), place).draw(annotation)


def _color(layer: Attributes) -> Rgb:
    """What the layer recommends for displays of colors, else for those of gray levels."""
    gray = layer.integer("GraphicLayerRecommendedDisplayGrayscaleValue")
    plain = _YELLOW if gray is None else (gray >> 8 & 0xFF,) * 3
    return srgb_of_cielab(layer.numbers("GraphicLayerRecommendedDisplayCIELabValue")) or plain


class _Pen:
    """Draws the objects of an annotation in one color."""

    def __init__(self, image: Image.Image, color: Rgb, place: Place) -> None:
        self._draw = ImageDraw.Draw(image)
        self._size = image.size
        self._color = color
        self._place = place
        self._width = max(1, max(image.size) // 512)

    def draw(self, annotation: Attributes) -> None:
        for graphic in annotation.items("GraphicObjectSequence"):
            self._graphic(graphic)
        for text in annotation.items("TextObjectSequence"):
            self._text(text)

    def _graphic(self, graphic: Attributes) -> None:
        coordinates = graphic.numbers("GraphicData")
        places = self._placed(coordinates, graphic.text("GraphicAnnotationUnits"))
        kind, filled = graphic.text("GraphicType"), graphic.text("GraphicFilled") == "Y"
        style = graphic.item("FillStyleSequence" if filled else "LineStyleSequence")
        color = srgb_of_cielab(style.numbers("PatternOnColorCIELabValue")) or self._color
        if kind == "POINT" and places:
            x, y = places[0]
            radius = 2 * self._width
            self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), color)
            return
        if kind == "CIRCLE" and len(places) == 2:
            places = _ellipse(places[0], _difference(places[1], places[0]), None)
        elif kind == "ELLIPSE" and len(places) == 4:
            center = (places[0][0] + places[1][0]) / 2, (places[0][1] + places[1][1]) / 2
            places = _ellipse(center, _difference(places[1], center), _difference(places[3], center))
        if len(places) < 2:
            return
        # How INTERPOLATED points are joined is left to the application (PS3.3 C.10.5.1.2): here as a POLYLINE.
        if filled:
            self._draw.polygon(places, color)
        else:
            self._draw.line(places, color, self._width)

    def _text(self, text: Attributes) -> None:
        """The text at the top of its box, with a line to the point that it is about; or beside that point."""
        corners = *text.numbers("BoundingBoxTopLeftHandCorner"), *text.numbers("BoundingBoxBottomRightHandCorner")
        box = self._placed(corners, text.text("BoundingBoxAnnotationUnits"))
        points = self._placed(text.numbers("AnchorPoint"), text.text("AnchorPointAnnotationUnits"))[:1]
        if not box and not points:
            return
        left, right = min(x for x, _ in box or points), max(x for x, _ in box or points)
        alignment = text.text("BoundingBoxTextHorizontalJustification").lower()
        x = {"center": (left + right) / 2, "right": right}.get(alignment, left)
        place = x, min(y for _, y in box or points)
        shown = text.text("UnformattedTextValue")[:_MAX_CHARACTERS].replace("\r\n", "\n")
        letters, anchor = font(max(12, self._size[1] // 36)), _ANCHORS.get(alignment, "la")
        color = srgb_of_cielab(text.item("TextStyleSequence").numbers("TextColorCIELabValue")) or self._color
        if box and points and text.text("AnchorPointVisibility") == "Y":
            area = self._draw.textbbox(place, shown, letters, anchor)
            self._draw.line([_nearest(area, points[0]), points[0]], color, self._width)
        align = alignment if alignment in _ANCHORS else "left"
        self._draw.text(place, shown, color, letters, anchor, align=align, stroke_width=1, stroke_fill=0)

    def _placed(self, coordinates: Sequence[float], units: str) -> list[Point]:
        pairs = zip(coordinates[::2], coordinates[1::2], strict=False)
        points = [self._place(x, y, units) for x, y in pairs]
        return [(_near(x), _near(y)) for x, y in points]


def _near(coordinate: float) -> float:
    return min(max(coordinate, -_FARTHEST), _FARTHEST)


def _nearest(box: tuple[float, float, float, float], point: Point) -> Point:
    """The point of a box, which is left, top, right and bottom, that is nearest to a point."""
    return min(max(point[0], box[0]), box[2]), min(max(point[1], box[1]), box[3])


def _difference(one: Point, other: Point) -> Point:
    return one[0] - other[0], one[1] - other[1]


def _ellipse(center: Point, major: Point, minor: Point | None) -> list[Point]:
    """Points of an ellipse by its half axes; of a circle when there is only one."""
    across = minor or (-major[1], major[0])
    angles = (2 * pi * number / _CURVE_POINTS for number in range(_CURVE_POINTS + 1))
    return [
        (
            center[0] + major[0] * cos(angle) + across[0] * sin(angle),
            center[1] + major[1] * cos(angle) + across[1] * sin(angle),
        )
        for angle in angles
    ]
