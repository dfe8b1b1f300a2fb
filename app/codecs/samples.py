"""Native bytes of a frame as an array of samples, and back (PS3.5 8.1, PS3.3 C.7.6.3.1)."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.codecs.errors import UndecodableFrame
from app.codecs.pixels import SUBSAMPLED, Frame, PixelDescription

Samples: TypeAlias = NDArray[np.integer]
"""Of shape (rows, columns), or (rows, columns, 3) for three samples per pixel."""


def shape_of(pixels: PixelDescription) -> tuple[int, ...]:
    """The shape of a frame's array."""
    size = (pixels.rows, pixels.columns)
    return size if pixels.samples_per_pixel == 1 else (*size, pixels.samples_per_pixel)


def dtype_of(pixels: PixelDescription) -> np.dtype[np.integer]:
    """The type of a frame's samples: of BitsAllocated bits, little endian; samples of one bit are uint8."""
    return np.dtype(f"<{'i' if pixels.is_signed else 'u'}{pixels.sample_bytes}")


def samples_of(frame: Frame, pixels: PixelDescription) -> tuple[Samples, str]:
    """The samples of a native frame and the photometric interpretation they are in.

    Shared chrominance samples are repeated for each pixel: what was YBR_FULL_422 is then YBR_FULL. Raises
    UndecodableFrame when there are too few bytes.
    """
    length = pixels.native_length(frame.photometric_interpretation)
    if len(frame.data) < length:
        raise UndecodableFrame(f"A frame of {length} bytes is expected, {len(frame.data)} are there.")
    if pixels.bits_allocated == 1:
        bits = np.frombuffer(frame.data, np.uint8, length)
        return np.unpackbits(bits, count=pixels.pixels, bitorder="little").reshape(shape_of(pixels)), (
            frame.photometric_interpretation
        )
    samples: Samples = np.frombuffer(frame.data, dtype_of(pixels), length // pixels.sample_bytes)
    if frame.photometric_interpretation in SUBSAMPLED:
        return _repeat_chrominance(samples, pixels), frame.photometric_interpretation.replace("_422", "")
    if pixels.samples_per_pixel > 1 and frame.planar_configuration == 1:
        planes = samples.reshape(pixels.samples_per_pixel, pixels.rows, pixels.columns)
        return np.ascontiguousarray(np.moveaxis(planes, 0, -1)), frame.photometric_interpretation
    return samples.reshape(shape_of(pixels)), frame.photometric_interpretation


def _repeat_chrominance(samples: Samples, pixels: PixelDescription) -> Samples:
    pairs = samples.reshape(pixels.rows, pixels.columns // 2, 4)
    full = np.empty((pixels.rows, pixels.columns // 2, 2, 3), samples.dtype)
    full[..., 0] = pairs[..., :2]
    full[..., 1:] = pairs[..., np.newaxis, 2:]
    return full.reshape(shape_of(pixels))


def native_frame(samples: Samples, photometric_interpretation: str, pixels: PixelDescription) -> Frame:
    """The native bytes of samples as ``fit`` gives them, color by pixel."""
    if pixels.bits_allocated == 1:
        return Frame(np.packbits(samples, axis=None, bitorder="little").tobytes(), photometric_interpretation)
    return Frame(samples.tobytes(), photometric_interpretation)


def fit(samples: Samples, precision: int, pixels: PixelDescription, *, signed: bool = False) -> Samples:
    """Decoded samples in the type that the data set says.

    ``precision`` is the number of bits of the codestream's samples, ``signed`` whether it says that they are signed.
    Where it says otherwise than PixelRepresentation, as JPEG and JPEG-LS always do, which know no sign, the data set
    is believed and the bits are taken as they are. Raises UndecodableFrame for other dimensions or more bits than are
    allocated.
    """
    if samples.shape != shape_of(pixels):
        raise UndecodableFrame(f"The codestream has the shape {samples.shape}, the data set {shape_of(pixels)}.")
    if precision > pixels.bits_allocated:
        raise UndecodableFrame(f"The codestream has {precision} bits, the data set {pixels.bits_allocated}.")
    wanted = dtype_of(pixels)
    unused = 8 * wanted.itemsize - precision
    fitted: Samples = samples.astype(wanted, copy=False)
    if signed == pixels.is_signed or not unused:
        return fitted
    return (fitted << unused) >> unused


def precision_of(samples: Samples, pixels: PixelDescription) -> int:
    """The bits to encode: BitsStored; BitsAllocated where samples use bits outside, such as old overlays do."""
    stored = pixels.bits_stored
    low, high = (-(1 << stored - 1), (1 << stored - 1) - 1) if pixels.is_signed else (0, (1 << stored) - 1)
    inside = pixels.high_bit == stored - 1 and low <= int(samples.min()) and int(samples.max()) <= high
    return stored if inside else pixels.bits_allocated
