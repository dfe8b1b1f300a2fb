"""A window for images that bring none, from the modality and the pixels: never a black picture."""

import numpy as np
from numpy.typing import NDArray

from app.rendering.voi_lut import VOILUTFunction, Window

SAMPLES = 1 << 16
"""Pixels that are looked at, evenly spread over the frame, at most."""

_SOFT_TISSUE = Window(40, 400)
"""HU; what a CT is looked at with when nothing else is said."""

_MOSTLY_BRIGHT, _HARDLY_ANYTHING = 0.3, 0.03
"""Parts of an image, above and within a window, by which the window is not for it: values may not be HU."""

_COUNTS = frozenset({"NM", "PT", "RTDOSE"})
"""Modalities whose 0 is nothing, and so black."""

_DARK = 1 / 16
"""Of the range of an image of 8 bits or less: one that stays below is not meant to be seen as it is."""


def automatic_window(values: NDArray[np.floating], modality: str, full_range: tuple[float, float] | None) -> Window:
    """The window for some values of an image, as the modality LUT gives them, without padding.

    ``full_range`` are the least and the greatest value of an image of 8 bits or less. Without VOI LUT such an image is
    shown as it is (PS3.4 N.2.1.2); for others the standard leaves it to the application.
    """
    values = values[np.isfinite(values)]
    if not values.size:
        return _between(0, 1)
    least, low, high, greatest = np.percentile(values, (0, 1, 99, 100)).tolist()
    if full_range is not None and greatest - full_range[0] > _DARK * (full_range[1] - full_range[0]):
        return _between(*full_range)
    if modality == "CT" and _shows(_SOFT_TISSUE, values):
        return _SOFT_TISSUE
    if modality in _COUNTS and least >= 0:
        return _between(0, high or greatest or 1)
    return _between(low, high) if high > low else _between(least, greatest)


def _shows(window: Window, values: NDArray[np.floating]) -> bool:
    """Whether enough of the image lies within the window, and less above it: air around a patient lies below."""
    bottom, top = window.center - window.width / 2, window.center + window.width / 2
    above = float(np.mean(values > top))
    within = float(np.mean(values > bottom)) - above
    return above < _MOSTLY_BRIGHT and within > max(above, _HARDLY_ANYTHING)


def _between(least: float, greatest: float) -> Window:
    """Black at ``least``, white at ``greatest``; middle gray when they are the same."""
    return Window((least + greatest) / 2, (greatest - least) or 1, VOILUTFunction.LINEAR_EXACT)
