"""Segmented palettes: tables written as runs of values and straight lines (PS3.3 C.7.9.2)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.rendering.errors import NotRenderable

_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2
_MAX_ENTRIES = 0x10000
_POINTER_BYTES = 4


def expand_segments(data: bytes, bits: int) -> NDArray[np.uint16]:
    """The entries, of 8 or 16 ``bits``, that segments stand for. Raises NotRenderable when they make no sense."""
    dtype = np.dtype("u1" if bits <= 8 else "<u2")
    units: list[int] = np.frombuffer(data[: len(data) // dtype.itemsize * dtype.itemsize], dtype).tolist()
    pointer_units = _POINTER_BYTES // dtype.itemsize
    entries: list[int] = []
    position = 0
    # Behind the last segment a byte may pad.
    while position + 2 < len(units) and len(entries) < _MAX_ENTRIES:
        opcode, count = units[position : position + 2]
        if opcode == _INDIRECT:
            position += 2
            pointer = units[position : position + pointer_units]
            _append_segments(entries, units, _joined(pointer, dtype.itemsize) // dtype.itemsize, count)
            position += pointer_units
        else:
            position = _append_segments(entries, units, position, 1)
    return np.array(entries[:_MAX_ENTRIES], np.uint16)


def _joined(pointer: Sequence[int], size: int) -> int:
    """A byte offset, whose least significant unit comes first."""
    return sum(unit << 8 * size * place for place, unit in enumerate(pointer))


def _append_segments(entries: list[int], units: Sequence[int], position: int, count: int) -> int:
    """Expand some discrete and linear segments one behind the other; where the next one is."""
    for _ in range(count):
        if len(entries) >= _MAX_ENTRIES:
            break
        opcode, length, *values = units[position : position + 3]
        if opcode == _DISCRETE:
            entries.extend(units[position + 2 : position + 2 + length])
            position += 2 + length
        elif opcode == _LINEAR and entries and values:
            entries.extend(np.rint(np.linspace(entries[-1], values[0], length + 1)[1:]).astype(int).tolist())
            position += 3
        else:
            raise NotRenderable("The segmented palette of the image is not well formed.")
    return position
