"""Frames of files made for the case, where no real file shows it."""

from struct import pack

import pytest

from app.dicom.frame_index import FrameIndex
from app.dicom.part10 import BytesSource, parse
from tests.unit.app.dicom.encoding import (
    BIG_ENDIAN,
    EXPLICIT,
    JPEG_BASELINE,
    RLE,
    SEQUENCE_DELIMITER,
    element,
    encapsulated,
    file,
    identity,
    image,
    item,
    meta,
    us,
)

END = b"\xff\xd9"
MPEG2 = "1.2.840.10008.1.2.4.100"


def frames(data: bytes) -> list[bytes]:
    """The bytes of each frame; none when there is no frame index."""
    stored = parse(BytesSource(data)).frame_index
    if not stored:
        return []
    index = FrameIndex.from_bytes(stored)
    return [
        b"".join(data[part.start : part.stop] for part in index.ranges(frame))
        for frame in range(index.number_of_frames)
    ]


def compressed(*elements: bytes, transfer_syntax_uid: str = JPEG_BASELINE) -> list[bytes]:
    return frames(file(*elements, transfer_syntax_uid=transfer_syntax_uid))


def test_a_basic_offset_table_tells_which_fragments_make_a_frame() -> None:
    pixel_data = encapsulated(b"aa", b"bbbb", b"cc", b"dd", offsets=[0, 10, 32])
    assert compressed(image(frames=3), pixel_data) == [b"aa", b"bbbbcc", b"dd"]


def test_a_valid_offset_table_is_believed_more_than_number_of_frames() -> None:
    assert compressed(image(frames=7), encapsulated(b"aa", b"bb", offsets=[0, 10])) == [b"aa", b"bb"]


@pytest.mark.parametrize("offsets", [[0, 9], [4, 10], [10, 0], [0, 0], [0, 10, 20, 30], [0, 2**32 - 1]])
def test_a_wrong_offset_table_is_passed_over(offsets: list[int]) -> None:
    assert compressed(image(frames=3), encapsulated(b"aa", b"bb", b"cc", offsets=offsets)) == [b"aa", b"bb", b"cc"]


def test_an_extended_offset_table_gives_lengths_without_padding() -> None:
    table = element(0x7FE00001, "OV", pack("<2Q", 0, 12)) + element(0x7FE00002, "OV", pack("<2Q", 3, 4))
    assert compressed(image(frames=2), table, encapsulated(b"aaa\0", b"bbbb")) == [b"aaa", b"bbbb"]


@pytest.mark.parametrize("offset", [11, 12 + 2**32, 2**63])
def test_a_wrong_extended_offset_table_is_passed_over(offset: int) -> None:
    table = element(0x7FE00001, "OV", pack("<2Q", 0, offset)) + element(0x7FE00002, "OV", pack("<2Q", 3, 4))
    assert compressed(image(frames=2), table, encapsulated(b"aaa\0", b"bbbb")) == [b"aaa\0", b"bbbb"]


def test_a_single_frame_takes_all_fragments() -> None:
    assert compressed(image(frames=1), encapsulated(b"aa", b"bb", b"cc")) == [b"aabbcc"]
    assert compressed(image(frames=None), encapsulated(b"aa", b"bb", b"cc")) == [b"aabbcc"]


def test_without_tables_a_frame_ends_where_its_codestream_does() -> None:
    pixel_data = encapsulated(b"aa", b"bb" + END, b"cc" + END, b"dd", b"ee", b"ff" + END + bytes(6))
    assert compressed(image(frames=3), pixel_data) == [b"aabb" + END, b"cc" + END, b"ddeeff" + END + bytes(6)]


def test_a_frame_of_run_lengths_is_one_fragment_also_when_some_are_missing() -> None:
    assert compressed(image(frames=5), encapsulated(b"aa", b"bb"), transfer_syntax_uid=RLE) == [b"aa", b"bb"]


def test_a_video_is_one_stream() -> None:
    pixel_data = encapsulated(b"aa", b"bb", b"cc", offsets=[0, 10, 20])
    assert compressed(image(frames=300), pixel_data, transfer_syntax_uid=MPEG2) == [b"aabbcc"]


def test_fragments_behind_which_the_file_ends_are_complete_without_delimiter() -> None:
    data = file(image(frames=2), encapsulated(b"aa", b"bb"), transfer_syntax_uid=JPEG_BASELINE)
    assert frames(data.removesuffix(SEQUENCE_DELIMITER)) == [b"aa", b"bb"]


def test_fragments_in_a_value_of_defined_length_are_found() -> None:
    pixel_data = element(0x7FE00010, "OB", item(b"") + item(b"aa") + item(b"bb"))
    assert compressed(image(frames=2), pixel_data) == [b"aa", b"bb"]


def test_native_pixels_under_a_compressed_transfer_syntax_are_no_frames_of_it() -> None:
    assert compressed(image(frames=1), element(0x7FE00010, "OB", bytes(16))) == []


def test_fragments_under_a_native_transfer_syntax_are_no_frames_of_it() -> None:
    assert compressed(image(frames=1), encapsulated(b"aa"), transfer_syntax_uid=EXPLICIT) == []


@pytest.mark.parametrize(("stored", "whole"), [(48, 3), (47, 2), (16, 1), (15, 0), (0, 0), (50, 3)])
def test_only_whole_native_frames_are_indexed(stored: int, whole: int) -> None:
    pixels = bytes(range(stored))
    data = file(image(frames=3), element(0x7FE00010, "OB", pixels))
    assert frames(data) == [pixels[16 * frame : 16 * frame + 16] for frame in range(whole)]


@pytest.mark.parametrize("missing", [b"", b"0", b"-3", b"many", b"1A"])
def test_number_of_frames_that_says_nothing_means_one(missing: bytes) -> None:
    number = element(0x00280008, "IS", missing) if missing else b""
    data = file(image(frames=None), number, element(0x7FE00010, "OB", bytes(48)))
    assert frames(data) == [bytes(16)]


def test_subsampled_chrominance_takes_two_samples_a_pixel() -> None:
    photometric = element(0x00280004, "CS", b"YBR_FULL_422")
    data = file(image(frames=2, samples=3), photometric, element(0x7FE00010, "OB", bytes(range(64))))
    assert frames(data) == [bytes(range(32)), bytes(range(32, 64))]


@pytest.mark.parametrize(("tag", "vr", "size"), [(0x7FE00008, "OF", 4), (0x7FE00009, "OD", 8)])
def test_float_pixels_have_the_size_of_their_type(tag: int, vr: str, size: int) -> None:
    data = file(image(frames=2), element(tag, vr, bytes(2 * 16 * size)))
    assert frames(data) == [bytes(16 * size)] * 2


def test_twelve_bits_allocated_are_packed() -> None:
    data = file(image(frames=3, rows=1, columns=3, bits=12), element(0x7FE00010, "OW", bytes(14)))
    index = FrameIndex.from_bytes(parse(BytesSource(data)).frame_index)
    assert [index.bits(frame) for frame in range(3)] == [(0, 36), (4, 36), (0, 36)]


def test_big_endian_frames_are_where_they_are() -> None:
    head = b"".join(
        element(tag, "US", pack(">H", number), big_endian=True)
        for tag, number in ((0x00280002, 1), (0x00280010, 2), (0x00280011, 2), (0x00280100, 16))
    )
    uids = b"".join(
        element(tag, "UI", uid, big_endian=True)
        for tag, uid in ((0x00080016, b"1.23"), (0x00080018, b"1.24"), (0x0020000D, b"1.25"), (0x0020000E, b"1.26"))
    )
    pixels = element(0x7FE00010, "OW", bytes(range(8)), big_endian=True)
    assert frames(meta(BIG_ENDIAN) + uids + head + pixels) == [bytes(range(8))]


def test_an_image_without_rows_has_no_frames_that_can_be_told() -> None:
    data = meta() + identity() + us(0x00280100, 8) + element(0x7FE00010, "OB", bytes(16))
    assert frames(data) == []
