"""ICC profiles of pictures: the source's own, or a transformation to a well-known color space (PS3.18 8.3.5.1.5)."""

from functools import lru_cache
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import ImageCms

from app.rendering.attributes import Attributes, FrameAttributes
from app.rendering.color_profiles import profile_bytes
from app.rendering.options import IccProfile
from app.rendering.picture import Picture

MAX_BYTES = 8 << 20
"""Of a profile that is used; slide scanners have up to 3 MB."""


def with_icc_profile(levels: NDArray[np.uint8], frame: FrameAttributes, requested: IccProfile) -> Picture:
    """The picture, in the color space that is asked for and with its profile.

    A grayscale image becomes RGB with it. Colors without a profile, or with one that cannot be read, are taken for
    sRGB. Without the parameter no profile is sent: those of slide scanners are larger than their tiles.
    """
    if requested is IccProfile.NO:
        return Picture(levels)
    is_color = levels.ndim == 3
    pixels = levels if is_color else np.repeat(levels[..., np.newaxis], 3, axis=2)
    source = (source_profile(frame) if is_color else b"") or profile_bytes(IccProfile.SRGB)
    if requested is IccProfile.YES:
        return Picture(pixels, source)
    target = profile_bytes(requested)
    if source == target:
        return Picture(pixels, target)
    transformed = ImageCms.applyTransform(Picture(pixels).image(), _transform(source, target))
    return Picture(np.asarray(transformed), target)


def source_profile(frame: FrameAttributes) -> bytes:
    """The profile of the frame's colors, of its optical path or of the image; empty when there is none."""
    identifier = frame.group("OpticalPathIdentificationSequence").text("OpticalPathIdentifier")
    paths = frame.items("OpticalPathSequence")
    own = [path for path in paths if path.text("OpticalPathIdentifier") == identifier]
    places: list[Attributes] = [*own, *paths[:1], frame]
    profiles = (place.binary("ICCProfile") for place in places)
    return next((profile for profile in profiles if len(profile) <= MAX_BYTES and _is_rgb_profile(profile)), b"")


@lru_cache(maxsize=16)
def _is_rgb_profile(profile: bytes) -> bool:
    try:
        return ImageCms.getOpenProfile(BytesIO(profile)).profile.xcolor_space.strip() == "RGB"
    except (ImageCms.PyCMSError, OSError):
        return False


@lru_cache(maxsize=16)
def _transform(source: bytes, target: bytes) -> ImageCms.ImageCmsTransform:
    """Made once for all tiles of a slide: it costs more than using it."""
    return ImageCms.buildTransform(BytesIO(source), BytesIO(target), "RGB", "RGB")
