"""What rendering gives: an image of 8 bits, ready to be encoded."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels of shape (rows, columns), gray, or (rows, columns, 3), RGB; ``icc_profile`` is to be embedded."""

    pixels: NDArray[np.uint8]
    icc_profile: bytes = b""

    @property
    def is_color(self) -> bool:
        """Whether the pixels are RGB."""
        return self.pixels.ndim == 3

    def image(self) -> Image.Image:
        """The picture for Pillow."""
        return Image.fromarray(np.ascontiguousarray(self.pixels))
