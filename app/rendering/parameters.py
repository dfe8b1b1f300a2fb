"""The query parameters of the rendered and thumbnail resources (PS3.18 8.3.5, 8.3.3.2)."""

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from math import isfinite
from typing import TypeVar

from app.rendering.errors import InvalidRenderingParameter
from app.rendering.options import DEFAULT_QUALITY, Annotation, IccProfile, RenderOptions, Viewport
from app.rendering.voi_lut import VOILUTFunction, Window

MAX_VIEWPORT = 8192
"""Pixels of a viewport in each direction at most: larger than the largest screens and mammograms."""

DEFAULT_THUMBNAIL = Viewport(256, 256)

CHARSETS = frozenset(
    {
        *(
            "utf-8",
            "us-ascii",
            "tis-620",
            "iso-2022-jp",
            "iso-2022-kr",
            "shift_jis",
            "euc-kr",
            "gb2312",
            "gbk",
            "gb18030",
        ),
        *(f"iso-8859-{part}" for part in range(1, 10)),
    }
)
"""Character sets of text documents, by the names of the IANA (PS3.18 annex D); Python knows them by the same."""

_FUNCTIONS = {function.value.lower().replace("_", "-"): function for function in VOILUTFunction}
"""By the parameter's value: linear, linear-exact, sigmoid (PS3.18 8.3.5.1.4)."""

_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_UNSIGNED = re.compile(r"[0-9]{1,9}")

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


def parse_rendered_parameters(parameters: Sequence[tuple[str, str]], *, overlays: bool = False) -> RenderOptions:
    """Read the decoded names and values of a query; other parameters are ignored, of repeated ones the last counts.

    ``overlays`` tells whether overlays are drawn without being asked for: they are whenever annotations are.
    Raises InvalidRenderingParameter.
    """
    given = dict(parameters)
    annotations: frozenset[Annotation] = _read(given, "annotation", _annotations, frozenset())
    return RenderOptions(
        window=_read(given, "window", _window, None),
        viewport=_read(given, "viewport", _viewport, None),
        quality=_read(given, "quality", _quality, DEFAULT_QUALITY),
        annotations=annotations,
        icc_profile=_read(given, "iccprofile", _icc_profile, IccProfile.NO),
        overlays=overlays or bool(annotations),
        charset=_read(given, "charset", _charset, "utf-8"),
    )


def parse_thumbnail_parameters(parameters: Sequence[tuple[str, str]]) -> RenderOptions:
    """As ``parse_rendered_parameters``, but a thumbnail takes only a viewport, and always has one (PS3.18 10.4.1.2)."""
    viewport = _read(dict(parameters), "viewport", _viewport, DEFAULT_THUMBNAIL)
    return RenderOptions(viewport=viewport)


def _read(given: dict[str, str], name: str, parse: Callable[[str], T], default: T) -> T:
    if name not in given:
        return default
    try:
        return parse(given[name])
    except ValueError as error:
        raise InvalidRenderingParameter(name, given[name], str(error)) from None


def _annotations(text: str) -> frozenset[Annotation]:
    return frozenset(_member(Annotation, name) for name in text.split(","))


def _quality(text: str) -> int:
    quality = _unsigned(text, "the quality")
    if not 1 <= quality <= 100:
        raise ValueError("the quality is from 1 to 100")
    return quality


def _icc_profile(text: str) -> IccProfile:
    return _member(IccProfile, text)


def _charset(text: str) -> str:
    """The first of a list such as ``iso-8859-1;q=0.5,utf-8`` that is offered."""
    names = (name.partition(";")[0].strip().lower() for name in text.split(","))
    charset = next((name for name in names if name in CHARSETS), None)
    if charset is None:
        raise ValueError("the character set is not offered")
    return charset


def _window(text: str) -> Window:
    """Center and width, and the function, which is linear when it is left out as in WADO-URI (PS3.18 9.4.1.2.4)."""
    parts = text.split(",")
    if not 2 <= len(parts) <= 3:
        raise ValueError("it is center,width,function")
    # Clients also write it as data sets do, LINEAR_EXACT.
    function = _FUNCTIONS.get(parts[2].lower().replace("_", "-") if parts[2:] else "linear")
    if function is None:
        raise ValueError(f"the function is one of {', '.join(_FUNCTIONS)}")
    window = Window(_decimal(parts[0], "the center"), _decimal(parts[1], "the width"), function)
    if not window.is_valid:
        raise ValueError("the width is at least 1 for linear, and positive for other functions")
    return window


def _viewport(text: str) -> Viewport:
    """vw,vh,sx,sy,sw,sh: what is left empty has its default; a region of negative width or height is flipped."""
    parts = text.split(",")
    if not 2 <= len(parts) <= 6:
        raise ValueError("it is vw,vh or vw,vh,sx,sy,sw,sh")
    names = ("sx", "sy", "sw", "sh")
    region = {name: _decimal(part, name) for name, part in zip(names, parts[2:], strict=False) if part}
    if region.get("sw") == 0 or region.get("sh") == 0:
        raise ValueError("sw and sh are not 0")
    return Viewport(
        width=_side(parts[0], "vw"),
        height=_side(parts[1], "vh"),
        left=abs(region.get("sx", 0)),
        top=abs(region.get("sy", 0)),
        region_width=abs(region["sw"]) if "sw" in region else None,
        region_height=abs(region["sh"]) if "sh" in region else None,
        flip_horizontally=region.get("sw", 1) < 0,
        flip_vertically=region.get("sh", 1) < 0,
    )


def _member(members: type[E], name: str) -> E:
    try:
        return members(name)
    except ValueError:
        raise ValueError(f"{name[:20]!r} is none of {', '.join(members)}") from None


def _side(text: str, name: str) -> int:
    side = _unsigned(text, name)
    if not 1 <= side <= MAX_VIEWPORT:
        raise ValueError(f"{name} is from 1 to {MAX_VIEWPORT}")
    return side


def _unsigned(text: str, name: str) -> int:
    if not _UNSIGNED.fullmatch(text):
        raise ValueError(f"{name} is a whole number")
    return int(text)


def _decimal(text: str, name: str) -> float:
    if not _DECIMAL.fullmatch(text) or not isfinite(float(text)):
        raise ValueError(f"{name} is a decimal number")
    return float(text)
