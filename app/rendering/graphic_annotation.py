"""Graphic annotations of a presentation state: lines, shapes and texts upon the image (PS3.3 C.10.5, C.10.7)."""

from collections.abc import Callable, Sequence
from math import cos, pi, sin

from PIL import Image, ImageDraw

from app.rendering.attributes import Attributes
from app.rendering.cielab import Rgb, srgb_of_cielab
from app.rendering.lettering import font
from app.rendering.presentation_state import PresentationState

Point = tuple[float, float]
Place = Callable[[float, float], Point]
"""From the point of a graphic to the point of the picture."""

_YELLOW: Rgb = (255, 230, 80)
"""The color of layers that recommend none."""

_FARTHEST = 1e5
"""What lies farther from the picture is as far as that: Pillow counts in 32 bits."""

_CURVE_POINTS = 72
_MAX_CHARACTERS = 256


def draw_annotations(image: Image.Image, state: PresentationState, place: Place) -> None:
    """Draw upon an RGB picture, layer by layer. ``place`` tells where points of the image are in the picture."""
    layers = {layer.text("GraphicLayer"): layer for layer in state.attributes.items("GraphicLayerSequence")}
    nothing = Attributes({}, lambda uri: b"")

    def layer_of(annotation: Attributes) -> Attributes:
        return layers.get(annotation.text("GraphicLayer"), nothing)

    annotations = state.items("GraphicAnnotationSequence")
    for annotation in sorted(annotations, key=lambda each: layer_of(each).number("GraphicLayerOrder") or 0):
        _Pen(image, _color(layer_of(annotation)), place).draw(annotation)


def _color(layer: Attributes) -> Rgb:
    lab = srgb_of_cielab(layer.numbers("GraphicLayerRecommendedDisplayCIELabValue"))
    gray = layer.integer("GraphicLayerRecommendedDisplayGrayscaleValue")
    return lab or _YELLOW if gray is None else (gray >> 8, gray >> 8, gray >> 8)


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
        if kind == "POINT" and places:
            x, y = places[0]
            radius = 2 * self._width
            self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), self._color)
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
            self._draw.polygon(places, self._color)
        else:
            self._draw.line(places, self._color, self._width)

    def _text(self, text: Attributes) -> None:
        corner, units = text.numbers("BoundingBoxTopLeftHandCorner"), text.text("BoundingBoxAnnotationUnits")
        if len(corner) != 2:
            corner, units = text.numbers("AnchorPoint"), text.text("AnchorPointAnnotationUnits")
        for point in self._placed(corner, units)[:1]:
            letters = font(max(10, self._size[1] // 40))
            shown = text.text("UnformattedTextValue")[:_MAX_CHARACTERS].replace("\r\n", "\n")
            self._draw.text(point, shown, self._color, letters, "la", stroke_width=1, stroke_fill=0)

    def _placed(self, coordinates: Sequence[float], units: str) -> list[Point]:
        """The points of the picture; units of DISPLAY are fractions of its width and height (PS3.3 C.10.5.1.1)."""
        pairs = zip(coordinates[::2], coordinates[1::2], strict=False)
        if units == "DISPLAY":
            points = [(x * self._size[0], y * self._size[1]) for x, y in pairs]
        else:
            points = [self._place(x, y) for x, y in pairs]
        return [(_near(x), _near(y)) for x, y in points]


def _near(coordinate: float) -> float:
    return min(max(coordinate, -_FARTHEST), _FARTHEST)


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
