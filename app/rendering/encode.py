"""Pictures as bytes of a rendered media type (PS3.18 8.7.4).

Pillow encodes all but one: measured with a CT of 512 x 512 against imagecodecs, it is as fast for JPEG (0.28 and
0.26 ms) and GIF, faster for WebP, a third slower for PNG, and it embeds ICC profiles. JPEG 2000 takes 12 ms in both,
but Pillow holds the interpreter's lock all the while. In the others it does not: while WebP or PNG of 1024 x 1024 takes
30 to 120 ms, and an animated color GIF half a second a frame, other threads wait for 3 to 10 ms at most.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO
from itertools import accumulate, pairwise

import imagecodecs
import numpy as np
from PIL import Image

from app.rendering.errors import NotRenderable
from app.rendering.options import DEFAULT_QUALITY
from app.rendering.picture import Picture

Encoder = Callable[[Picture, int], bytes]
"""(picture, quality from 1 to 100) to bytes."""

_FULL_CHROMINANCE_FROM = 90
"""The quality from which colors are not subsampled: thin colored lines and text stay what they are."""

_SHORTEST_FRAME_MILLISECONDS = 20
"""Browsers take shorter ones of a GIF for a slip, and play slowly."""


def encode(picture: Picture, media_type: str, quality: int = DEFAULT_QUALITY) -> bytes:
    """The bytes of a picture. ``media_type`` is a key of ENCODERS. Raises NotRenderable when it is too large for it."""
    return ENCODERS[media_type](picture, quality)


def encode_animation(pictures: Iterable[Picture], milliseconds: Sequence[float]) -> bytes:
    """An endless image/gif. The pictures, at least one, are of one size; ``milliseconds`` tells how long each is shown.

    The pictures are taken one at a time.
    """
    images: Iterator[Image.Image] = (picture.image() for picture in pictures)
    buffer = BytesIO()
    durations = _in_hundredths(milliseconds)
    next(images).save(buffer, "GIF", save_all=True, append_images=images, duration=durations, loop=0)
    return buffer.getvalue()


def _in_hundredths(milliseconds: Sequence[float]) -> list[int]:
    """Durations in the whole hundredths of a second that a GIF has; what is rounded away comes with a later frame."""
    times = accumulate((max(each, _SHORTEST_FRAME_MILLISECONDS) for each in milliseconds), initial=0.0)
    return [10 * (after - before) for before, after in pairwise(round(time / 10) for time in times)]


def _jpeg(picture: Picture, quality: int) -> bytes:
    subsampling = 0 if quality >= _FULL_CHROMINANCE_FROM else 2
    return _saved(picture, "JPEG", quality=quality, subsampling=subsampling, icc_profile=picture.icc_profile or None)


def _png(picture: Picture, quality: int) -> bytes:
    # The least effort: three quarters of the time of the default one, for files a seventh larger.
    return _saved(picture, "PNG", compress_level=1, icc_profile=picture.icc_profile or None)


def _gif(picture: Picture, quality: int) -> bytes:
    return _saved(picture, "GIF")


def _jp2(picture: Picture, quality: int) -> bytes:
    # Peak signal to noise ratio in dB, about what JPEG of that quality has; 0 is lossless.
    level = 0 if quality == 100 else 30 + quality // 5
    pixels = np.ascontiguousarray(picture.pixels)
    return bytes(imagecodecs.jpeg2k_encode(pixels, level, codecformat="jp2", reversible=quality == 100))


def _webp(picture: Picture, quality: int) -> bytes:
    return _saved(picture, "WEBP", quality=quality, method=2, icc_profile=picture.icc_profile or None)


def _saved(picture: Picture, file_format: str, **parameters: object) -> bytes:
    buffer = BytesIO()
    try:
        picture.image().save(buffer, file_format, **parameters)
    except (OSError, ValueError) as error:
        rows, columns = picture.pixels.shape[:2]
        raise NotRenderable(f"{file_format} cannot hold a picture of {columns} x {rows} pixels.") from error
    return buffer.getvalue()


ENCODERS: dict[str, Encoder] = {
    "image/jpeg": _jpeg,
    "image/png": _png,
    "image/gif": _gif,
    "image/jp2": _jp2,
    "image/webp": _webp,
}
"""By media type, the default first; image/gif may also be an animation."""
