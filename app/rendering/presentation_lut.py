"""Presentation LUT: which end of the gray levels is dark (PS3.3 C.11.6, C.7.6.3.1.2, PS3.4 N.2.1.3)."""

import numpy as np
from numpy.typing import NDArray

from app.rendering.attributes import Attributes
from app.rendering.lookup_table import LookUpTable
from app.rendering.modality_lut import Stage
from app.rendering.voi_lut import WHITE


def presentation_lut(attributes: Attributes, photometric_interpretation: str) -> Stage:
    """The table of a presentation state; else upside down for MONOCHROME1 or the shape INVERSE, or as it is.

    Images of DX and CR say both of the same thing (PS3.3 C.8.11.3.1), so that they are turned once.
    """
    table = LookUpTable.read(attributes.item("PresentationLUTSequence"))
    if table is not None:
        return _spread(table)
    if photometric_interpretation == "MONOCHROME1" or attributes.text("PresentationLUTShape") == "INVERSE":
        return lambda levels: WHITE - levels
    return lambda levels: levels


def _spread(table: LookUpTable) -> Stage:
    """The table over the whole range of gray levels, whatever its length (PS3.3 C.11.6.1.1)."""
    last = len(table.entries) - 1
    return lambda levels: table(levels * (last / WHITE) + table.first) * (WHITE / table.maximum)


def to_8_bit(levels: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Gray levels from 0 to 255, rounded."""
    return (levels + 0.5).astype(np.uint8)
