"""The frame ranges of real files, against pydicom's frames and the pixel hashes of the sample collection."""

import hashlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames

from app.dicom.errors import UnusableInstance
from app.dicom.frame_index import FrameIndex
from app.dicom.part10 import BytesSource, parse
from tests.sample_data import COLLECTION, COLLECTION_IS_MISSING, bundled_files, collection_files, manifest

pytestmark = pytest.mark.usefixtures("quiet_pydicom")


def _instances() -> Iterator[tuple[Path, bytes, FrameIndex, Dataset]]:
    """Every file with frames that both can read."""
    for path in bundled_files() + collection_files():
        data = path.read_bytes()
        try:
            frame_index = parse(BytesSource(data)).frame_index
        except UnusableInstance:
            continue
        data_set = pydicom.dcmread(BytesIO(data), force=True)
        if frame_index and "PixelData" in data_set:
            yield path, data, FrameIndex.from_bytes(frame_index), data_set


def _frame(data: bytes, index: FrameIndex, frame: int) -> bytes:
    return b"".join(data[byte_range.start : byte_range.stop] for byte_range in index.ranges(frame))


def test_encapsulated_frames_are_those_of_pydicom() -> None:
    seen = 0
    for path, data, index, data_set in _instances():
        if not index.is_encapsulated:
            continue
        extended = (
            (data_set.ExtendedOffsetTable, data_set.ExtendedOffsetTableLengths)
            if "ExtendedOffsetTable" in data_set
            else None
        )
        expected = list(
            generate_frames(
                data_set.PixelData,
                number_of_frames=int(data_set.get("NumberOfFrames") or 1),
                extended_offsets=extended,
            )
        )
        assert [_frame(data, index, frame) for frame in range(index.number_of_frames)] == expected, path.name
        seen += len(expected)
    assert seen > 50


def test_native_frames_are_the_pixel_data_cut_into_equal_parts() -> None:
    for path, data, index, data_set in _instances():
        if index.is_encapsulated or index.deflated_from is not None or data_set.BitsAllocated == 1:
            continue
        frames = b"".join(_frame(data, index, frame) for frame in range(index.number_of_frames))
        assert data_set.PixelData.startswith(frames), path.name
        sizes = {len(_frame(data, index, frame)) for frame in range(index.number_of_frames)}
        samples = 2 if data_set.PhotometricInterpretation == "YBR_FULL_422" else data_set.SamplesPerPixel
        assert sizes == {data_set.Rows * data_set.Columns * samples * data_set.BitsAllocated // 8}, path.name


def test_the_bits_of_packed_frames_are_the_pixels() -> None:
    seen = 0
    for path, data, index, data_set in _instances():
        if index.is_encapsulated or data_set.BitsAllocated != 1:
            continue
        pixels = data_set.pixel_array.reshape(index.number_of_frames, -1)
        for frame in range(index.number_of_frames):
            first, count = index.bits(frame)
            bits = np.unpackbits(np.frombuffer(_frame(data, index, frame), np.uint8), bitorder="little")
            assert np.array_equal(bits[first : first + count], pixels[frame]), path.name
            seen += 1
    assert seen > 1


@pytest.mark.skipif(not manifest(), reason=COLLECTION_IS_MISSING)
def test_native_frames_have_the_hash_of_the_decoded_pixels() -> None:
    """Hashes are of decoded arrays, so rows whose pixels lie in the file as decoded: little endian, all bits in use."""
    seen = 0
    for row in manifest():
        all_bits = row["bits_allocated"] == row["bits_stored"] != "1"
        if (
            row["decoders_ok"] != "native"
            or not all_bits
            or row["transfer_syntax_uid"] not in {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1"}
        ):
            continue
        if row["samples"] != "1" or row["photometric"].startswith("YBR"):
            continue
        data = (COLLECTION / row["path"]).read_bytes()
        try:
            parsed = parse(BytesSource(data))
        except UnusableInstance:
            continue
        if not parsed.frame_index:
            continue
        index = FrameIndex.from_bytes(parsed.frame_index)
        pixels = b"".join(_frame(data, index, frame) for frame in range(index.number_of_frames))
        assert hashlib.sha256(pixels).hexdigest() == row["array_sha256"], row["path"]
        seen += 1
    assert seen > 100
