"""A transformation of pixels by way of a table, when there are fewer patterns of bits than pixels."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from app.rendering.decoded_frame import Samples

Transformation = Callable[[Samples], NDArray[np.uint8]]
"""Samples to gray levels, or to colors along a new last axis; each pixel by itself."""


def through_table(transformation: Transformation, samples: Samples) -> NDArray[np.uint8]:
    """What ``transformation`` gives for ``samples``, computed once for each pattern if that is less work."""
    patterns = 1 << 8 * samples.dtype.itemsize
    if samples.dtype.itemsize > 2 or samples.size < patterns:
        return transformation(samples)
    return transformation(np.arange(patterns, dtype=samples.dtype)).take(samples, axis=0)
