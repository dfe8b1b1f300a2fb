"""Overlay planes drawn over the picture (PS3.3 C.9.2, PS3.5 8.1.2)."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from app.rendering.attributes import FrameAttributes
from app.rendering.decoded_frame import DecodedFrame

OVERLAY_GROUPS = range(0x6000, 0x6020, 2)
"""The group of each overlay that there can be."""

_ROWS, _COLUMNS, _FRAMES, _ORIGIN = 0x0010, 0x0011, 0x0015, 0x0050
_FIRST_FRAME, _BIT_POSITION, _DATA = 0x0051, 0x0102, 0x3000


def with_overlays(
    levels: NDArray[np.uint8], decoded: DecodedFrame, frame: FrameAttributes, groups: Iterable[int] = OVERLAY_GROUPS
) -> NDArray[np.uint8]:
    """The picture, white where one of the overlays of these groups is set that the frame has."""
    masks = list(_masks(decoded, frame, groups))
    if not masks:
        return levels
    drawn = levels.copy()
    drawn[np.logical_or.reduce(masks)] = 0xFF
    return drawn


def shutter_group(frame: FrameAttributes) -> int | None:
    """The group of the overlay that is a shutter, and so is not drawn (PS3.3 C.7.6.15)."""
    return frame.integer("ShutterOverlayGroup") if "BITMAP" in frame.texts("ShutterShape") else None


def overlay_mask(frame: FrameAttributes, group: int, shape: tuple[int, int]) -> NDArray[np.bool] | None:
    """The overlay of a group, in the shape (rows, columns) of the image; None when the frame has none."""
    return next(_plane(frame, group, shape), None)


def _masks(decoded: DecodedFrame, frame: FrameAttributes, groups: Iterable[int]) -> Iterator[NDArray[np.bool]]:
    """Each overlay of the frame, in the shape of the image: from its own element, or from unused bits of the pixels."""
    pixels, shutter = decoded.pixels, shutter_group(frame)
    for group in groups:
        if group == shutter:
            continue
        if _name(group, _DATA) in frame:
            yield from _plane(frame, group, (pixels.rows, pixels.columns))
        elif decoded.samples.ndim == 2 and not pixels.is_float:
            position = frame.integer(_name(group, _BIT_POSITION)) or 0
            if decoded.high_bit < position < pixels.bits_allocated:
                yield (decoded.samples >> position & 1).astype(np.bool)


def _name(group: int, element: int) -> str:
    return f"{group:04X}{element:04X}"


def _plane(frame: FrameAttributes, group: int, shape: tuple[int, int]) -> Iterator[NDArray[np.bool]]:
    """The plane of the frame, placed in the image; nothing when there is none for this frame, or it is too short."""
    rows = frame.integer(_name(group, _ROWS)) or 0
    columns = frame.integer(_name(group, _COLUMNS)) or 0
    number = frame.frame + 1 - (frame.integer(_name(group, _FIRST_FRAME)) or 1)
    planes = frame.integer(_name(group, _FRAMES)) or 1
    # An overlay of one plane is for all frames, unless it says for which.
    if planes == 1 and _name(group, _FIRST_FRAME) not in frame:
        number = 0
    data = np.frombuffer(frame.binary(_name(group, _DATA)), np.uint8)
    first, length = number * rows * columns, rows * columns
    if not 0 <= number < planes or rows < 1 or columns < 1 or len(data) * 8 < first + length:
        return
    bits = np.unpackbits(data[first // 8 : (first + length + 7) // 8], bitorder="little")
    plane = bits[first % 8 : first % 8 + length].reshape(rows, columns).astype(np.bool)
    yield _placed(plane, frame.numbers(_name(group, _ORIGIN)), shape)


def _placed(plane: NDArray[np.bool], origin: list[float], shape: tuple[int, int]) -> NDArray[np.bool]:
    """The plane with its first bit at row and column ``origin`` of the image, which are counted from 1."""
    top, left = (int(number) - 1 for number in origin) if len(origin) == 2 else (0, 0)
    plane = plane[max(-top, 0) :, max(-left, 0) :]
    top, left = max(top, 0), max(left, 0)
    placed = np.zeros(shape, np.bool)
    shown = plane[: max(shape[0] - top, 0), : max(shape[1] - left, 0)]
    placed[top : top + shown.shape[0], left : left + shown.shape[1]] = shown
    return placed
