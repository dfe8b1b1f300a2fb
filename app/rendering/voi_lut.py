"""VOI LUT: the values of interest spread over the gray levels 0 to 255 (PS3.3 C.11.2, PS3.4 N.2.1.2)."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from app.rendering.attributes import Attributes
from app.rendering.lookup_table import LookUpTable
from app.rendering.modality_lut import Stage

WHITE = 255.0
"""The greatest gray level."""


class VOILUTFunction(StrEnum):
    """How a window maps values (PS3.3 C.11.2.1.3)."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


_FUNCTIONS = {function.value: function for function in VOILUTFunction}


@dataclass(frozen=True, slots=True)
class Window:
    """Center and width in the units that the modality LUT gives, such as HU."""

    center: float
    width: float
    function: VOILUTFunction = VOILUTFunction.LINEAR

    @property
    def exact(self) -> "Window":
        """For values that are no integers: LINEAR counts on steps of one, and has none for a width of one."""
        return replace(self, function=VOILUTFunction.LINEAR_EXACT) if self.function is VOILUTFunction.LINEAR else self

    @property
    def is_valid(self) -> bool:
        """Whether the width is as PS3.3 C.11.2.1.2 and C.11.2.1.3 ask."""
        return self.width >= 1 if self.function is VOILUTFunction.LINEAR else self.width > 0

    def __call__(self, values: NDArray[np.floating]) -> NDArray[np.floating]:
        """Gray levels, not yet rounded."""
        if self.function is VOILUTFunction.SIGMOID:
            # Beyond 50 the exponential is as good as infinite, and would overflow.
            exponent = np.clip((values - self.center) * (-4 / self.width), -50, 50)
            return np.asarray(WHITE / (1 + np.exp(exponent)))
        center, width = self.center, self.width
        if self.function is VOILUTFunction.LINEAR:
            center, width = center - 0.5, width - 1
        if width == 0:
            return np.where(values > center, np.float32(WHITE), np.float32(0))
        return np.asarray(np.clip((values - center) * (WHITE / width) + WHITE / 2, 0, WHITE))


def voi_lut(attributes: Attributes) -> Stage | None:
    """The first VOI LUT of a frame or presentation state, else its first window; None when there is neither.

    Several are alternatives (PS3.3 C.11.2.1.2). The table comes first, for it holds the whole curve that the maker of
    the image meant, where a window beside it is an approximation.
    """
    table = LookUpTable.read(attributes.item("VOILUTSequence"))
    if table is not None:
        return _spread(table)
    center, width = attributes.number("WindowCenter"), attributes.number("WindowWidth")
    if center is None or width is None:
        return None
    function = _FUNCTIONS.get(attributes.text("VOILUTFunction"), VOILUTFunction.LINEAR)
    window = Window(center, width, function)
    return window if window.is_valid else None


def _spread(table: LookUpTable) -> Stage:
    return lambda values: table(values) * (WHITE / table.maximum)
