"""The letters of texts that are drawn."""

from functools import lru_cache

from PIL import ImageFont


@lru_cache(maxsize=32)
def font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font that comes with Pillow, ``size`` pixels high; it has the Latin letters."""
    return ImageFont.load_default(size)
