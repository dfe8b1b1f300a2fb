"""A waveform on paper: 12 leads as cardiologists read them, other channels one below the other (PS3.3 A.34)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from app.rendering.annotation import annotated
from app.rendering.attributes import FrameAttributes
from app.rendering.lettering import font
from app.rendering.options import RenderOptions
from app.rendering.picture import Picture
from app.rendering.viewport import fitted
from app.rendering.waveform import Channel, Waveform, read_waveform

_LEADS = (("I", "aVR", "V1", "V4"), ("II", "aVL", "V2", "V5"), ("III", "aVF", "V3", "V6"))
"""The rows of a sheet of 12 leads, a quarter of the time each; below them the rhythm of lead II over all of it."""

_RHYTHM = "II"
_SECONDS = 10.0
"""The time on the sheet at most."""

_MILLIMETER = 8
"""Pixels, before the sheet is made half as large: lines are smooth then."""

_SMOOTHING = 2
_MILLIMETERS_PER_SECOND, _MILLIMETERS_PER_MILLIVOLT = 25, 10
_ROW_MILLIMETERS, _MARGIN_MILLIMETERS, _HEADER_MILLIMETERS, _LABEL_MILLIMETERS = 30, 8, 15, 4
_MAX_ROWS = 32

_PAPER, _FINE, _COARSE, _INK = (255, 252, 250), (250, 224, 222), (240, 184, 180), (20, 20, 40)
_MILLIVOLTS = {"uV": 1e-3, "mV": 1.0, "V": 1e3}


@dataclass(frozen=True, slots=True)
class _Strip:
    """A part of a channel: from ``start`` to ``stop`` seconds, drawn at these seconds of its row."""

    channel: Channel
    start: float
    stop: float


def render_waveform(attributes: FrameAttributes, options: RenderOptions) -> Picture:
    """The sheet, in the viewport and with the annotations that are asked for. Raises NotRenderable."""
    waveform = read_waveform(attributes)
    picture = Picture(_sheet(_rows(waveform), waveform.frequency))
    if options.viewport is not None:
        picture = Picture(fitted(picture.pixels, options.viewport, 1))
    return annotated(picture, attributes, options.annotations)


def _rows(waveform: Waveform) -> list[list[_Strip]]:
    seconds = min(waveform.seconds, _SECONDS)
    leads = {_lead_name(channel): channel for channel in waveform.channels}
    if not all(name in leads for row in _LEADS for name in row):
        return [[_Strip(channel, 0, seconds)] for channel in waveform.channels[:_MAX_ROWS]]
    quarter = seconds / 4
    rows = [
        [_Strip(leads[name], number * quarter, (number + 1) * quarter) for number, name in enumerate(row)]
        for row in _LEADS
    ]
    return [*rows, [_Strip(leads[_RHYTHM], 0, seconds)]]


def _lead_name(channel: Channel) -> str:
    """The short name in a label such as ``Lead I (Einthoven)`` or ``aVR``."""
    return channel.label.removeprefix("Lead ").partition(" ")[0]


def _sheet(rows: Sequence[Sequence[_Strip]], frequency: float) -> NDArray[np.uint8]:
    seconds = max(strip.stop for row in rows for strip in row)
    width = round((seconds * _MILLIMETERS_PER_SECOND + 2 * _MARGIN_MILLIMETERS) * _MILLIMETER)
    height = (len(rows) * _ROW_MILLIMETERS + 2 * _HEADER_MILLIMETERS) * _MILLIMETER
    image = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(image)
    _draw_grid(draw, width, height)
    for number, row in enumerate(rows):
        middle = (_HEADER_MILLIMETERS + (number + 0.5) * _ROW_MILLIMETERS) * _MILLIMETER
        for strip in row:
            _draw_strip(draw, strip, middle, frequency)
    scale = f"{_MILLIMETERS_PER_SECOND} mm/s   {_MILLIMETERS_PER_MILLIVOLT} mm/mV"
    corner = width - _MARGIN_MILLIMETERS * _MILLIMETER, height - _MILLIMETER
    draw.text(corner, scale, _INK, font(3 * _MILLIMETER), "rd")
    return np.asarray(image.reduce(_SMOOTHING))


def _draw_grid(draw: ImageDraw.ImageDraw, width: int, height: int) -> None:
    """Lines each millimeter, and stronger ones each five."""
    for step, color in ((_MILLIMETER, _FINE), (5 * _MILLIMETER, _COARSE)):
        for x in range(0, width, step):
            draw.line((x, 0, x, height), color, _SMOOTHING)
        for y in range(0, height, step):
            draw.line((0, y, width, y), color, _SMOOTHING)


def _draw_strip(draw: ImageDraw.ImageDraw, strip: _Strip, middle: float, frequency: float) -> None:
    first = int(strip.start * frequency)
    heights = _deflections(strip.channel)[first : int(strip.stop * frequency)]
    seconds = np.arange(first, first + len(heights)) / frequency
    x = (_MARGIN_MILLIMETERS + seconds * _MILLIMETERS_PER_SECOND) * _MILLIMETER
    y = middle - heights * _MILLIMETER
    draw.line(np.column_stack((x, y)).ravel().tolist(), _INK, _SMOOTHING + 1, "curve")
    top = middle - (_ROW_MILLIMETERS / 2 - 1) * _MILLIMETER
    left = (_MARGIN_MILLIMETERS + strip.start * _MILLIMETERS_PER_SECOND) * _MILLIMETER
    draw.text((left, top), _lead_name(strip.channel) or "?", _INK, font(_LABEL_MILLIMETERS * _MILLIMETER), "la")


def _deflections(channel: Channel) -> NDArray[np.floating]:
    """Millimeters above the middle of the row: by the scale of an ECG, of other units as much as the row holds."""
    millivolts = _MILLIVOLTS.get(channel.unit)
    if millivolts is not None:
        return channel.values * (millivolts * _MILLIMETERS_PER_MILLIVOLT)
    least, greatest = float(channel.values.min()), float(channel.values.max())
    return (channel.values - (least + greatest) / 2) * (_ROW_MILLIMETERS * 0.8 / ((greatest - least) or 1))
