from array import array

import pytest

from app.dicom.frame_index import EncapsulatedFrames, FrameIndex, NativeFrames
from storage.resource import ByteRange


def test_native_frames_follow_one_another() -> None:
    index = FrameIndex.from_bytes(NativeFrames(1000, 512 * 8, 3).to_bytes())
    assert index.number_of_frames == 3
    assert not index.is_encapsulated
    assert [index.ranges(frame) for frame in range(3)] == [
        (ByteRange(1000, 1512),),
        (ByteRange(1512, 2024),),
        (ByteRange(2024, 2536),),
    ]
    assert index.bits(2) == (0, 4096)


def test_frames_of_single_bits_share_bytes() -> None:
    index = FrameIndex.from_bytes(NativeFrames(100, 9, 3).to_bytes())
    assert [index.ranges(frame)[0] for frame in range(3)] == [
        ByteRange(100, 102),
        ByteRange(101, 103),
        ByteRange(102, 104),
    ]
    assert [index.bits(frame) for frame in range(3)] == [(0, 9), (1, 9), (2, 9)]


def test_an_encapsulated_frame_has_a_range_for_each_fragment() -> None:
    frames = EncapsulatedFrames(
        array("Q", (10, 30, 60, 2**40)), array("I", (10, 20, 5, 2**32 - 2)), array("I", (0, 1, 3))
    )
    index = FrameIndex.from_bytes(frames.to_bytes())
    assert index.number_of_frames == 3
    assert index.is_encapsulated
    assert index.ranges(0) == (ByteRange(10, 20),)
    assert index.ranges(1) == (ByteRange(30, 50), ByteRange(60, 65))
    assert index.ranges(2) == (ByteRange(2**40, 2**40 + 2**32 - 2),)
    assert index.bits(1) == (0, 25 * 8)


def test_the_offset_of_a_deflate_stream_is_kept() -> None:
    assert FrameIndex.from_bytes(NativeFrames(0, 8, 1, deflated_from=336).to_bytes()).deflated_from == 336
    assert FrameIndex.from_bytes(NativeFrames(0, 8, 1).to_bytes()).deflated_from is None


def test_the_stored_form_is_small() -> None:
    assert len(NativeFrames(2**40, 2**30, 2**31).to_bytes()) < 40
    many = EncapsulatedFrames(array("Q", range(100_000)), array("I", range(100_000)))
    assert len(many.to_bytes()) < 100_000 * 16


@pytest.mark.parametrize("frame", [-1, 3])
def test_other_frames_do_not_exist(frame: int) -> None:
    for index in (NativeFrames(0, 8, 3), EncapsulatedFrames((0, 1, 2), (1, 1, 1))):
        with pytest.raises(IndexError):
            index.ranges(frame)
        with pytest.raises(IndexError):
            index.bits(frame)


def test_no_bytes_are_no_index() -> None:
    with pytest.raises(ValueError, match="no frame index"):
        FrameIndex.from_bytes(b"")
