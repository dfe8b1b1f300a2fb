"""A decoded frame: its samples as they are stored, and what the bits of a sample mean (PS3.5 8.1.1)."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.codecs.errors import UndecodableFrame
from app.codecs.frame import decode
from app.codecs.pixels import MAX_FRAME_BYTES, PixelDescription

Samples: TypeAlias = NDArray[Any]
"""Unsigned integers, as many bits as allocated, or floats; of shape (rows, columns) or (rows, columns, samples)."""


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """``photometric_interpretation`` is that of these samples: a decoder may have changed what the instance says."""

    samples: Samples
    photometric_interpretation: str
    pixels: PixelDescription

    @property
    def high_bit(self) -> int:
        """The place of a value's most significant bit; one that cannot be is taken for the usual one."""
        pixels = self.pixels
        usual = pixels.bits_stored - 1
        return pixels.high_bit if usual <= pixels.high_bit < pixels.bits_allocated else usual

    def values(self, samples: Samples) -> Samples:
        """The values that such samples mean: the bits stored, from the high bit down, signed where they are."""
        pixels = self.pixels
        if pixels.is_float or pixels.bits_allocated == 1:
            return samples
        unused = pixels.bits_allocated - pixels.bits_stored
        bits = samples.view(f"i{samples.dtype.itemsize}") if pixels.is_signed else samples
        return (bits << (pixels.bits_allocated - 1 - self.high_bit)) >> unused if unused else bits


def decode_frame(data: bytes, transfer_syntax_uid: str, pixels: PixelDescription) -> DecodedFrame:
    """Decode a stored frame, a codestream or native pixels in little endian order.

    Raises ``app.codecs.errors.CannotTranscode``, for frames of more than MAX_FRAME_BYTES before anything is allocated.
    """
    if pixels.rows < 1 or pixels.columns < 1:
        raise UndecodableFrame("The instance has no pixels: Rows or Columns is absent or wrong.")
    if pixels.is_float:
        return DecodedFrame(_float_samples(data, pixels), pixels.photometric_interpretation, pixels)
    samples, photometric_interpretation = decode(data, transfer_syntax_uid, pixels)
    return DecodedFrame(samples.view(f"u{samples.dtype.itemsize}"), photometric_interpretation, pixels)


def _float_samples(data: bytes, pixels: PixelDescription) -> Samples:
    """FloatPixelData and DoubleFloatPixelData, which are never compressed (PS3.3 C.7.6.24, C.7.6.25)."""
    length = pixels.native_length(pixels.photometric_interpretation)
    if not length <= min(len(data), MAX_FRAME_BYTES):
        raise UndecodableFrame(f"A frame of {length} bytes is expected, {len(data)} are there.")
    values = np.frombuffer(data, f"<f{pixels.sample_bytes}", pixels.pixels)
    return values.reshape(pixels.rows, pixels.columns)
