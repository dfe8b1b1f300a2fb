"""Frames of every kind of pixel, made here: smooth, with noise, and with the extreme values."""

import numpy as np

from app.codecs.pixels import PixelDescription

ROWS, COLUMNS = 70, 90


def pixels_of(
    allocated: int, stored: int, *, signed: bool = False, samples: int = 1, photometric: str | None = None
) -> PixelDescription:
    return PixelDescription(
        ROWS,
        COLUMNS,
        samples,
        allocated,
        stored,
        stored - 1,
        signed,
        photometric or ("RGB" if samples == 3 else "MONOCHROME2"),
    )


def samples_for(pixels: PixelDescription) -> np.ndarray:
    """Of shape (ROWS, COLUMNS) or (ROWS, COLUMNS, 3), of values that the bits stored can hold."""
    shape = (ROWS, COLUMNS) if pixels.samples_per_pixel == 1 else (ROWS, COLUMNS, 3)
    low = -(1 << pixels.bits_stored - 1) if pixels.is_signed else 0
    high = low + (1 << pixels.bits_stored) - 1
    noise = np.random.default_rng(7).integers(0, max((high - low) // 40, 1), shape)
    waves = (np.sin(np.arange(ROWS) / 9)[:, np.newaxis] + np.cos(np.arange(COLUMNS) / 7) + 2) * (high - low) / 5
    values = np.clip((waves if len(shape) == 2 else waves[..., np.newaxis]).astype(np.int64) + noise + low, low, high)
    values[0, 0], values[0, 1] = low, high
    return values.astype(f"<{'i' if pixels.is_signed else 'u'}{pixels.sample_bytes}")
