"""Icons for the thumbnails of what has no picture: a sheet of paper that names the kind (PS3.18 10.4.1.1.4)."""

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from app.rendering.attributes import Attributes
from app.rendering.lettering import font
from app.rendering.options import Viewport
from app.rendering.picture import Picture

_BACKGROUND, _PAPER, _FOLD, _INK = (34, 40, 49), (222, 228, 236), (170, 180, 194), (60, 72, 90)
_SMOOTHING = 4
_MAX_CHARACTERS = 8
_MAX_SIZE = 512
_PDF = "application/pdf"


def icon_label(attributes: Attributes) -> str:
    """What an icon says of an instance: PDF, or its modality."""
    is_pdf = attributes.text("MIMETypeOfEncapsulatedDocument").lower() == _PDF
    return "PDF" if is_pdf else attributes.text("Modality")


@lru_cache(maxsize=32)
def icon(label: str, viewport: Viewport) -> Picture:
    """A square as large as fits into the viewport, but not larger than icons are; ``label`` is a few letters."""
    size = min(viewport.width, viewport.height, _MAX_SIZE)
    side = size * _SMOOTHING
    image = Image.new("RGB", (side, side), _BACKGROUND)
    draw = ImageDraw.Draw(image)
    left, top, right, bottom, fold = (side * part / 100 for part in (24, 14, 76, 86, 16))
    draw.polygon([(left, top), (right - fold, top), (right, top + fold), (right, bottom), (left, bottom)], _PAPER)
    draw.polygon([(right - fold, top), (right - fold, top + fold), (right, top + fold)], _FOLD)
    for line in range(4):
        y = side * (62 + 5 * line) / 100
        draw.line((left + fold / 2, y, right - fold * (2 if line == 3 else 0.5), y), _FOLD, max(side // 90, 1))
    text = label[:_MAX_CHARACTERS] or "?"
    draw.text((side / 2, side * 0.45), text, _INK, font(min(side / 5, 0.7 * side / len(text))), "mm")
    return Picture(np.asarray(image.resize((size, size), Image.Resampling.LANCZOS)))
