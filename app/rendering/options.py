"""What a client may ask of a rendering, as plain values (PS3.18 8.3.5.1)."""

from dataclasses import dataclass
from enum import StrEnum

from app.rendering.voi_lut import Window

DEFAULT_QUALITY = 90
"""Of lossy media types, where the client names none: no loss that an eye would see."""


class Annotation(StrEnum):
    """Text that is drawn upon the picture (PS3.18 8.3.5.1.1)."""

    PATIENT = "patient"
    TECHNIQUE = "technique"


class IccProfile(StrEnum):
    """Which color profile is in the answer; but for ``yes``, the pixels are transformed to it (PS3.18 8.3.5.1.5)."""

    NO = "no"
    YES = "yes"
    SRGB = "srgb"
    ADOBERGB = "adobergb"
    ROMMRGB = "rommrgb"
    DISPLAYP3 = "displayp3"


@dataclass(frozen=True, slots=True)
class Viewport:
    """The greatest width and height of the picture, and the region of the source image shown, in its pixels.

    The region's width and height reach to the edge when they are None. The flips are around the picture's axes.
    """

    width: int
    height: int
    left: float = 0
    top: float = 0
    region_width: float | None = None
    region_height: float | None = None
    flip_horizontally: bool = False
    flip_vertically: bool = False


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """How to render; the defaults are those of a request without parameters."""

    window: Window | None = None
    viewport: Viewport | None = None
    quality: int = DEFAULT_QUALITY
    annotations: frozenset[Annotation] = frozenset()
    icc_profile: IccProfile = IccProfile.NO
    overlays: bool = False
    charset: str = "utf-8"
