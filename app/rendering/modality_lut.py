"""Modality LUT: stored values to units such as HU, Bq/ml or Gy (PS3.3 C.11.1, PS3.4 N.2.1.1)."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from app.rendering.attributes import FrameAttributes
from app.rendering.lookup_table import LookUpTable

Stage = Callable[[NDArray[np.floating]], NDArray[np.floating]]
"""A step of the grayscale transformation: a new array, of the same shape."""


def modality_lut(frame: FrameAttributes) -> Stage:
    """The transformation of a frame: its look-up table, its linear rescaling, or none."""
    table = LookUpTable.read(frame.item("ModalityLUTSequence"))
    if table is not None:
        return table
    group = frame.group("PixelValueTransformationSequence")
    slope, intercept = group.number("RescaleSlope"), group.number("RescaleIntercept")
    if slope is None:
        # A dose grid is scaled by an attribute of its own (PS3.3 C.8.8.3).
        slope = frame.number("DoseGridScaling")
    return _rescale(slope or 1, intercept or 0)


def _rescale(slope: float, intercept: float) -> Stage:
    return lambda values: values * slope + intercept
