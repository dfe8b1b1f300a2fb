"""The query parameters of the URI service that say how to render (PS3.18 9.5.1.2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil

from app.rendering.attributes import Attributes
from app.rendering.errors import InvalidRenderingParameter
from app.rendering.options import DEFAULT_QUALITY, RenderOptions, Viewport
from app.rendering.parameters import MAX_VIEWPORT, parse_rendered_parameters
from app.rendering.voi_lut import Window

_ALIKE = {"annotation": "annotation", "imageAnnotation": "annotation", "charset": "charset"}
"""Parameters that mean the same as those of rendered resources; the standard has two names for one of them."""

_UNSIGNED = re.compile(r"[0-9]{1,9}")
_DECIMAL = re.compile(r"[+-]?(\d{1,15}(\.\d{0,15})?|\.\d{1,15})([eE][+-]?\d{1,2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class UriRendering:
    """``rows`` and ``columns`` are those of the picture at most.

    ``region`` is left, top, right and bottom of what is shown, each from 0 to 1 of the image's width or height.
    """

    options: RenderOptions
    rows: int | None
    columns: int | None
    region: tuple[float, ...]

    def options_for(self, image: Attributes) -> RenderOptions:
        """How to render an image of this size. Raises InvalidRenderingParameter for a region of what is no image."""
        if self.rows is None and self.columns is None and not self.region:
            return self.options
        height, width = image.integer("Rows") or 0, image.integer("Columns") or 0
        if self.region and not (height and width):
            raise InvalidRenderingParameter("region", ",".join(map(str, self.region)), "only images have regions")
        left, top, right, bottom = self.region or (0.0, 0.0, 1.0, 1.0)
        is_free = self.rows is None and self.columns is None
        viewport = Viewport(
            width=self.columns or (ceil((right - left) * width) if is_free else MAX_VIEWPORT),
            height=self.rows or (ceil((bottom - top) * height) if is_free else MAX_VIEWPORT),
        )
        if self.region:
            viewport = replace(
                viewport,
                left=left * width,
                top=top * height,
                region_width=(right - left) * width,
                region_height=(bottom - top) * height,
            )
        return replace(self.options, viewport=viewport)


def parse_uri_rendering(given: Mapping[str, str], *, overlays: bool = False) -> UriRendering:
    """Read what says how to render, by decoded name and value; ``overlays`` is as for rendered resources.

    Raises InvalidRenderingParameter.
    """
    alike = [(_ALIKE[name], value) for name, value in given.items() if name in _ALIKE]
    options = parse_rendered_parameters(alike, overlays=overlays)
    return UriRendering(
        options=replace(
            options,
            window=_window(given),
            quality=whole_number(given, "imageQuality", 100) or DEFAULT_QUALITY,
        ),
        rows=whole_number(given, "rows", MAX_VIEWPORT),
        columns=whole_number(given, "columns", MAX_VIEWPORT),
        region=_region(given),
    )


def whole_number(given: Mapping[str, str], name: str, most: int) -> int | None:
    """A number from 1 to ``most``, None where it is absent. Raises InvalidRenderingParameter."""
    text = given.get(name)
    if text is None:
        return None
    if not _UNSIGNED.fullmatch(text) or not 1 <= int(text) <= most:
        raise InvalidRenderingParameter(name, text, f"it is a whole number from 1 to {most}")
    return int(text)


def _window(given: Mapping[str, str]) -> Window | None:
    names = ("windowCenter", "windowWidth")
    missing = [name for name in names if name not in given]
    if len(missing) == len(names):
        return None
    if missing:
        raise InvalidRenderingParameter(missing[0], "", "center and width come together")
    center, width = (_decimal(given[name], name, given[name]) for name in names)
    window = Window(center, width)
    if not window.is_valid:
        raise InvalidRenderingParameter("windowWidth", given["windowWidth"], "it is at least 1")
    return window


def _region(given: Mapping[str, str]) -> tuple[float, ...]:
    text = given.get("region")
    if text is None:
        return ()
    region = tuple(_decimal(part, "region", text) for part in text.split(","))
    if len(region) != 4 or not all(0 <= edge <= 1 for edge in region):
        raise InvalidRenderingParameter("region", text, "it is four numbers from 0 to 1: left,top,right,bottom")
    left, top, right, bottom = region
    if left >= right or top >= bottom:
        raise InvalidRenderingParameter("region", text, "left is less than right, and top less than bottom")
    return region


def _decimal(text: str, name: str, value: str) -> float:
    if not _DECIMAL.fullmatch(text):
        raise InvalidRenderingParameter(name, value, f"{text[:20]!r} is no decimal number")
    return float(text)
