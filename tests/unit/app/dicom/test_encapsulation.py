"""Fragments and their tables, byte by byte and as pydicom reads them."""

from io import BytesIO
from struct import pack, unpack

import pytest
from pydicom.encaps import generate_frames, parse_basic_offsets

from app.dicom.bulk_part import BulkPart, PartRange
from app.dicom.encapsulation import EncapsulatedPixelData, encapsulate
from app.dicom.errors import LimitExceeded
from app.dicom.part10 import BytesSource
from tests.unit.app.dicom.store_parts import put_together

GIGABYTE = 1 << 30


class LongSource:
    """A source of any length whose bytes nobody reads."""

    def __init__(self, size: int) -> None:
        self.size = size

    def read(self, start: int, stop: int) -> bytes:
        return b""


def long_frames(*sizes: int) -> EncapsulatedPixelData:
    return encapsulate([BulkPart(LongSource(size)) for size in sizes], is_video=False)


def value_of(*frames: bytes, is_video: bool = False) -> bytes:
    return put_together(encapsulate([BulkPart(BytesSource(frame)) for frame in frames], is_video=is_video).value)


def test_every_frame_is_a_fragment_of_even_length() -> None:
    assert value_of(b"one", b"four") == b"".join(
        (
            bytes.fromhex("FEFF00E0 08000000") + pack("<2L", 0, 12),
            bytes.fromhex("FEFF00E0 04000000") + b"one\0",
            bytes.fromhex("FEFF00E0 04000000") + b"four",
            bytes.fromhex("FEFFDDE0 00000000"),
        )
    )


def test_pydicom_finds_the_frames() -> None:
    frames = [bytes([number]) * (number + 1) for number in range(20)]
    value = value_of(*frames)
    assert len(parse_basic_offsets(BytesIO(value))) == 20
    assert [frame[: number + 1] for number, frame in enumerate(generate_frames(value, number_of_frames=20))] == frames


def test_a_video_has_no_offsets() -> None:
    assert value_of(b"film", is_video=True).startswith(bytes.fromhex("FEFF00E0 00000000 FEFF00E0 04000000"))


def test_the_basic_offset_table_counts_to_4_gb() -> None:
    last = (1 << 32) - 2 * 8 - 3 * GIGABYTE - 2
    pixel_data = long_frames(3 * GIGABYTE, last, 10)
    assert pixel_data.offsets == b""
    assert pixel_data.value[0] == bytes.fromhex("FEFF00E0 0C000000") + pack("<3L", 0, 3 * GIGABYTE + 8, (1 << 32) - 2)


def test_beyond_4_gb_the_extended_offset_table_counts_and_the_basic_one_is_empty() -> None:
    pixel_data = long_frames(3 * GIGABYTE, 3 * GIGABYTE - 1, 3 * GIGABYTE, 7)
    assert pixel_data.value[0] == bytes.fromhex("FEFF00E0 00000000")
    step = 3 * GIGABYTE + 8
    assert unpack("<4Q", pixel_data.offsets) == (0, step, 2 * step, 3 * step)
    assert unpack("<4Q", pixel_data.lengths) == (3 * GIGABYTE, 3 * GIGABYTE - 1, 3 * GIGABYTE, 7)


def test_the_ranges_are_those_of_the_parts() -> None:
    ranges = [piece for piece in long_frames(5, 6).value if isinstance(piece, PartRange)]
    assert [(piece.byte_range.start, piece.byte_range.stop) for piece in ranges] == [(0, 5), (0, 6)]


def test_a_frame_of_4_gb_has_no_place() -> None:
    with pytest.raises(LimitExceeded, match="4 GB"):
        long_frames(0xFFFFFFFF)
