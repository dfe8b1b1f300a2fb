"""The frames of a source file as pydicom tells them apart: the truth that retrieved frames are compared with."""

from collections.abc import Iterator

import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MPEGTransferSyntaxes,
)

PIXEL_DATA_KEYWORDS = "PixelData", "FloatPixelData", "DoubleFloatPixelData"

_WORD_BYTES = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}


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
    """NumberOfFrames, 1 when it is absent, empty or no number (PS3.3 C.7.6.6)."""
    try:
        return int(data_set.get("NumberOfFrames") or 1)
    except ValueError:
        return 1


def source_frames(data_set: Dataset) -> list[bytes]:
    """Every frame: the codestream, or native pixels in little endian order that begin at the first bit of a byte.

    A video is one stream (PS3.5 8.2.5). Nothing when the file has no frames that could be told apart: it holds less
    than its attributes promise, or does not name the transfer syntax of its codestreams.
    """
    keyword = pixel_data_keyword(data_set)
    if keyword is None:
        return []
    element = data_set[keyword]
    if element.is_undefined_length:
        return list(_encapsulated(data_set)) if "TransferSyntaxUID" in data_set.file_meta else []
    bits = _frame_bits(data_set) * number_of_frames(data_set)
    if transfer_syntax_of(data_set).is_encapsulated or 8 * len(element.value) < bits:
        return []
    data = element.value
    if transfer_syntax_of(data_set) == ExplicitVRBigEndian:
        data = little_endian(data, element.VR, data_set.BitsAllocated)
    return list(_native(data, _frame_bits(data_set), number_of_frames(data_set)))


def _encapsulated(data_set: Dataset) -> Iterator[bytes]:
    is_video = transfer_syntax_of(data_set) in MPEGTransferSyntaxes
    offsets = None
    if "ExtendedOffsetTable" in data_set:
        offsets = data_set.ExtendedOffsetTable, data_set.ExtendedOffsetTableLengths
    return generate_frames(
        data_set.PixelData,
        number_of_frames=1 if is_video else number_of_frames(data_set),
        extended_offsets=offsets,
    )


def _frame_bits(data_set: Dataset) -> int:
    bits: int = data_set.Rows * data_set.Columns * data_set.SamplesPerPixel * data_set.BitsAllocated
    # Two pixels share their chrominance samples (PS3.3 C.7.6.3.1.2).
    return bits * 2 // 3 if data_set.PhotometricInterpretation == "YBR_FULL_422" else bits


def _native(data: bytes, frame_bits: int, count: int) -> Iterator[bytes]:
    if frame_bits % 8 == 0:
        length = frame_bits // 8
        yield from (data[start : start + length] for start in range(0, count * length, length))
        return
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    for start in range(0, count * frame_bits, frame_bits):
        yield np.packbits(bits[start : start + frame_bits], bitorder="little").tobytes()


def little_endian(data: bytes, vr: str, bits_allocated: int = 0) -> bytes:
    """Big endian words as little endian ones; OW of 8 bits allocated is swapped too (PS3.5 7.3)."""
    size = max(bits_allocated // 8, _WORD_BYTES.get(vr, 1))
    return np.frombuffer(data, f">u{size}").astype(f"<u{size}").tobytes()
