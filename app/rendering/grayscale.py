"""The grayscale pixel transformation sequence: modality, VOI and presentation LUT (PS3.4 N.2.1).

Where pixels have 16 bits or less the three stages become one look-up table: they are applied to each pattern of bits
that a pixel can have, and the pixels then look their gray levels up in one go.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.codecs.pixels import PixelDescription
from app.rendering.attributes import FrameAttributes
from app.rendering.automatic_window import SAMPLES, automatic_window
from app.rendering.decoded_frame import DecodedFrame, Samples
from app.rendering.modality_lut import Stage, modality_lut
from app.rendering.pixel_padding import is_padding
from app.rendering.presentation_lut import presentation_lut, to_8_bit
from app.rendering.tabulated import through_table
from app.rendering.voi_lut import Window, voi_lut


@dataclass(frozen=True, slots=True)
class GrayscaleStages:
    """Stages that take the place of those that the instance describes: a client's window, or a presentation state's."""

    modality: Stage | None = None
    voi: Stage | None = None
    presentation: Stage | None = None


AS_DESCRIBED = GrayscaleStages()
"""All stages are the instance's own."""


def gray_levels(
    decoded: DecodedFrame, frame: FrameAttributes, stages: GrayscaleStages = AS_DESCRIBED
) -> NDArray[np.uint8]:
    """The gray levels of a monochrome frame; padding is black."""
    # Attributes may be absurd, such as a slope of 1e300: what overflows is black or white.
    with np.errstate(all="ignore"):
        return _gray_levels(decoded, frame, stages)


def _gray_levels(decoded: DecodedFrame, frame: FrameAttributes, stages: GrayscaleStages) -> NDArray[np.uint8]:
    modality = stages.modality or modality_lut(frame)
    voi = stages.voi or voi_lut(frame.group("FrameVOILUTSequence")) or _automatic_window(decoded, frame, modality)
    if decoded.pixels.is_float and isinstance(voi, Window):
        voi = voi.exact
    shown = stages.presentation or presentation_lut(frame, decoded.photometric_interpretation)

    def transformation(samples: Samples) -> NDArray[np.uint8]:
        values = decoded.values(samples)
        levels = to_8_bit(shown(voi(modality(_as_float(values)))))
        padding = is_padding(values, frame, decoded.pixels)
        if padding is not None:
            levels[padding] = 0
        return levels

    return through_table(transformation, decoded.samples)


def _as_float(values: Samples) -> NDArray[np.floating]:
    """32 bit floats are exact for 16 bit integers, and half the work."""
    if values.dtype.kind == "f":
        return np.nan_to_num(values, posinf=0, neginf=0)
    return values.astype(np.float32 if values.dtype.itemsize <= 2 else np.float64)


def _automatic_window(decoded: DecodedFrame, frame: FrameAttributes, modality: Stage) -> Window:
    """From a sample of the pixels, evenly spread."""
    flat = decoded.samples.reshape(-1)
    values = decoded.values(flat[:: flat.size // SAMPLES + 1])
    padding = is_padding(values, frame, decoded.pixels)
    if padding is not None:
        values = values[~padding]
    return automatic_window(modality(_as_float(values)), _modality(frame), _full_range(decoded.pixels, modality))


def _modality(frame: FrameAttributes) -> str:
    """Of a CT only where a rescaling gives HU (PS3.3 C.11.1.1.2): values of a scanned film are something else."""
    is_rescaled = frame.group("PixelValueTransformationSequence").number("RescaleIntercept") is not None
    return frame.text("Modality") if is_rescaled or frame.text("Modality") != "CT" else ""


def _full_range(pixels: PixelDescription, modality: Stage) -> tuple[float, float] | None:
    """The values of the darkest and the brightest pixel that there can be, of an image of 8 bits or less."""
    if pixels.bits_stored > 8:
        return None
    least = -(1 << pixels.bits_stored - 1) if pixels.is_signed else 0
    ends = modality(np.array([least, least + (1 << pixels.bits_stored) - 1], np.float64))
    return float(ends.min()), float(ends.max())
