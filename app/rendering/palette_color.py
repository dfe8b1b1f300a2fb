"""Palette color: stored values that are the numbers of colors (PS3.3 C.7.6.3.1.5, C.7.6.3.1.6, C.7.9)."""

import numpy as np
from numpy.typing import NDArray

from app.rendering.attributes import Attributes
from app.rendering.decoded_frame import Samples
from app.rendering.lookup_table import LookUpTable, read_descriptor
from app.rendering.segmented_palette import expand_segments

_COLORS = ("Red", "Green", "Blue")


class Palette:
    """The three tables of an image; ``first`` is the stored value of the first color."""

    def __init__(self, tables: list[LookUpTable]) -> None:
        length = min(len(table.entries) for table in tables)
        self.first = tables[0].first
        self.colors = np.stack([_to_8_bit(table)[:length] for table in tables], axis=-1)

    def __call__(self, values: Samples) -> NDArray[np.uint8]:
        """The colors of stored values, along a new last axis; the first and the last color for what lies outside."""
        indices = np.clip(values.astype(np.int64) - self.first, 0, len(self.colors) - 1)
        return self.colors.take(indices, axis=0)

    def spread(self, levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The colors of gray levels: the first for black, the last for white (PS3.3 A.33.3)."""
        indices = np.rint(np.linspace(0, len(self.colors) - 1, 256)).astype(np.intp)
        return self.colors[indices].take(levels, axis=0)

    def covers(self, values: Samples) -> NDArray[np.bool]:
        """Which stored values have a color of their own."""
        return np.asarray((values >= self.first) & (values < self.first + len(self.colors)))


def read_palette(attributes: Attributes) -> Palette | None:
    """The palette of an image or of a supplemental palette; None when it has none. Raises NotRenderable."""
    tables = [_read_table(attributes, color) for color in _COLORS]
    present = [table for table in tables if table is not None]
    return Palette(present) if len(present) == len(_COLORS) and all(len(table.entries) for table in present) else None


def _read_table(attributes: Attributes, color: str) -> LookUpTable | None:
    name = f"{color}PaletteColorLookupTable"
    descriptor = attributes.numbers(f"{name}Descriptor")
    segments = attributes.words(f"Segmented{name}Data")
    if not segments:
        return LookUpTable.from_data(descriptor, attributes.words(f"{name}Data"))
    parsed = read_descriptor(descriptor)
    if parsed is None:
        return None
    _, first, bits = parsed
    return LookUpTable(first, expand_segments(segments, bits), bits)


def _to_8_bit(table: LookUpTable) -> NDArray[np.uint8]:
    """The upper 8 bits; but the lower ones of writers that keep 8 bit values in 16 bit entries."""
    if table.bits <= 8 or table.entries.max(initial=0) <= 0xFF:
        return table.entries.astype(np.uint8)
    return (table.entries >> (table.bits - 8)).astype(np.uint8)
