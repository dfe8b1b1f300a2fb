"""Pictures read back from answers, and what pydicom makes of the same instance."""

from io import BytesIO

import httpx
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

BROWSER_IMAGE = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
"""What browsers send for an ``<img>``."""
BROWSER_PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"
"""What they send for an address that is opened."""
VIEWER_BULK_DATA = 'multipart/related; type="application/octet-stream"'
"""What OHIF sends when it asks for a rendered resource as if it were bulk data."""


def picture(content: bytes) -> Image.Image:
    """An image file, wholly read."""
    image = Image.open(BytesIO(content))
    image.load()
    return image


def pixels(answer: httpx.Response) -> NDArray[np.uint8]:
    """The pixels of an answer that must be one image of the type it says."""
    assert answer.status_code == 200, answer.text
    image = picture(answer.content)
    assert answer.headers["content-type"] == Image.MIME[image.format or ""]
    return np.asarray(image)


def windowed(data_set: Dataset, window: tuple[float, float] | None = None) -> NDArray[np.float64]:
    """The gray levels by pydicom, with the first window of the instance or another one."""
    if window is not None:
        data_set.WindowCenter, data_set.WindowWidth = window
    shown = apply_voi_lut(apply_modality_lut(data_set.pixel_array, data_set), data_set, index=0).astype(np.float64)
    bits, slope = data_set.BitsStored, float(data_set.get("RescaleSlope", 1))
    least = -(1 << bits - 1) if data_set.PixelRepresentation else 0
    # pydicom spreads the window over all values that the pixels could have.
    bottom = least * slope + float(data_set.get("RescaleIntercept", 0))
    levels: NDArray[np.float64] = (shown - bottom) / (((1 << bits) - 1) * slope) * 255
    return levels
