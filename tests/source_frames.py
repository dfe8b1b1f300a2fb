"""The frames of a source file as pydicom tells them apart: the truth that retrieved frames are compared with."""

from collections.abc import Iterator

import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.pixels.utils import get_expected_length
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

PIXEL_DATA_KEYWORDS = "PixelData", "FloatPixelData", "DoubleFloatPixelData"


def pixel_data_keyword(data_set: Dataset) -> str | None:
    """The element that holds the pixels; None when there is none."""
    return next((keyword for keyword in PIXEL_DATA_KEYWORDS if data_set.get(keyword)), None)


def transfer_syntax_of(data_set: Dataset) -> UID:
    """The transfer syntax that the file names; without that the one in which pydicom could read it."""
    if named := data_set.file_meta.get("TransferSyntaxUID"):
        return UID(named)
    implicit, little_endian = data_set.original_encoding
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little_endian else ExplicitVRBigEndian


def number_of_frames(data_set: Dataset) -> int:
    """NumberOfFrames, 1 when it is absent or empty (PS3.3 C.7.6.6)."""
    return int(data_set.get("NumberOfFrames") or 1)


def source_frames(data_set: Dataset) -> list[bytes]:
    """Every frame: the codestream, or native pixels in little endian order that begin at the first bit of a byte."""
    keyword = pixel_data_keyword(data_set)
    assert keyword is not None
    syntax = transfer_syntax_of(data_set)
    if syntax.is_encapsulated and syntax != DeflatedExplicitVRLittleEndian:
        return list(_encapsulated(data_set))
    data = data_set[keyword].value
    if syntax == ExplicitVRBigEndian:
        data = _swapped(data, data_set[keyword].VR, data_set.BitsAllocated)
    return list(_native(data, data_set))


def _encapsulated(data_set: Dataset) -> Iterator[bytes]:
    offsets = None
    if "ExtendedOffsetTable" in data_set:
        offsets = data_set.ExtendedOffsetTable, data_set.ExtendedOffsetTableLengths
    return generate_frames(
        data_set.PixelData, number_of_frames=number_of_frames(data_set), extended_offsets=offsets
    )


def _native(data: bytes, data_set: Dataset) -> Iterator[bytes]:
    frames = number_of_frames(data_set)
    if data_set.BitsAllocated == 1:
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
        length = get_expected_length(data_set, unit="pixels") // frames
        for frame in range(frames):
            yield np.packbits(bits[frame * length : (frame + 1) * length], bitorder="little").tobytes()
        return
    length = get_expected_length(data_set) // frames
    for frame in range(frames):
        yield data[frame * length : (frame + 1) * length]


def _swapped(data: bytes, vr: str, bits_allocated: int) -> bytes:
    """Big endian words as little endian ones; OW of 8 bits allocated is swapped too (PS3.5 7.3, A.3)."""
    size = max(bits_allocated // 8, 2 if vr == "OW" else 1)
    return np.frombuffer(data, f">u{size}").astype(f"<u{size}").tobytes()
