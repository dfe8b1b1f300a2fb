"""Instances in other transfer syntaxes, read again by pydicom and decoded by libraries that the server does not use."""

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_fragments, generate_frames, parse_basic_offsets
from pydicom.pixels import get_decoder
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
    SecondaryCaptureImageStorage,
)

from app.codecs.errors import TranscodingNotPossible, UndecodableFrame
from app.codecs.pixels import Frame
from app.services.archive import Archive
from app.services.content import Content
from app.services.frames import InstanceFrames
from app.services.instance_transcoding import remembered_instance, transcode_instance
from app.services.transcoding import Transcoder
from storage.records import StoredInstance
from storage.resource import ByteRange
from tests.examples import new_instance, part10
from tests.unit.app.services.archives import opened, store

NATIVE = ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian
COMPRESSED = RLELossless, JPEGLSLossless, JPEG2000Lossless, HTJ2KLossless, HTJ2KLosslessRPCL
FILES = [
    "CT_small.dcm",
    "MR_small_implicit.dcm",
    "MR_small_bigendian.dcm",
    "image_dfl.dcm",
    "MR_small_RLE.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "MR_small_jp2klossless.dcm",
    "SC_rgb_jpeg_gdcm.dcm",
    "ExplVR_BigEnd.dcm",
    "SC_rgb_rle_16bit_2frame.dcm",
    "examples_palette.dcm",
    "GDCMJ2K_TextGBR.dcm",
    "SC_rgb_small_odd.dcm",
]
COLORS = "examples_ybr_color.dcm"
"""30 frames of JPEG baseline with shared chrominance."""

OF_THE_PIXELS = {"PixelData", "PhotometricInterpretation", "PlanarConfiguration"}


def source(name: str) -> Dataset:
    return pydicom.dcmread(str(get_testdata_file(name, download=False)))


async def transcoded(folder: Path, file: bytes, target: str) -> bytes:
    async with opened(folder) as archive:
        instance = await stored(archive, file)
        content = await transcode_instance(archive, Transcoder(archive), instance, target)
        data = await joined(content)
        assert len(data) == content.length
        middle = ByteRange(content.length // 3, content.length // 2)
        assert b"".join([bytes(chunk) async for chunk in content.stream(middle)]) == data[middle.start : middle.stop]
        return data


async def stored(archive: Archive, file: bytes) -> StoredInstance:
    report = await store(archive, file)
    [outcome] = report.outcomes
    assert outcome.key is not None
    return await archive.instance(outcome.key)


async def joined(content: Content) -> bytes:
    return b"".join([bytes(chunk) async for chunk in content.whole()])


def file(name: str) -> bytes:
    return Path(str(get_testdata_file(name, download=False))).read_bytes()


def samples(data_set: Dataset) -> np.ndarray:
    decoder = get_decoder(data_set.file_meta.TransferSyntaxUID)
    array, _ = decoder.as_array(data_set, raw=True)
    return array


@pytest.mark.parametrize("target", NATIVE + COMPRESSED, ids=lambda uid: uid.name)
@pytest.mark.parametrize("name", FILES)
@pytest.mark.filterwarnings("ignore::UserWarning")
async def test_pixels_and_attributes_come_back_from_every_lossless_transfer_syntax(
    name: str, target: str, tmp_path: Path
) -> None:
    before = source(name)
    data = await transcoded(tmp_path, file(name), target)
    after = pydicom.dcmread(io.BytesIO(data))
    assert after.file_meta.TransferSyntaxUID == target
    assert after.file_meta.MediaStorageSOPInstanceUID == before.SOPInstanceUID
    assert np.array_equal(samples(after), samples(before))
    assert attributes(after) == attributes(before)


def attributes(data_set: Dataset) -> dict[str, object]:
    """All values but those that change with the pixels; words in little endian order, whatever the file's."""
    data_set.decode()
    values: dict[str, object] = {}
    for element in data_set:
        if element.tag.element == 0 or element.keyword in OF_THE_PIXELS:
            continue
        value = element.value
        if element.VR == "OW" and data_set.file_meta.TransferSyntaxUID == ExplicitVRBigEndian:
            value = np.frombuffer(value, ">u2").astype("<u2").tobytes()
        values[str(element.tag)] = (element.VR, value)
    return values


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("target", [*NATIVE, RLELossless], ids=lambda uid: uid.name)
async def test_pixels_of_32_bits_and_tags_as_values_come_back(target: str, tmp_path: Path) -> None:
    before = source("rtdose.dcm")
    after = pydicom.dcmread(io.BytesIO(await transcoded(tmp_path, file("rtdose.dcm"), target)))
    assert np.array_equal(samples(after), samples(before))
    assert attributes(after) == attributes(before)
    assert after.FrameIncrementPointer == 0x3004000C


@pytest.mark.filterwarnings("ignore::UserWarning")
async def test_every_frame_of_a_lossy_file_is_decoded_and_the_file_says_that_it_was_lossy(tmp_path: Path) -> None:
    before = source(COLORS)
    after = pydicom.dcmread(io.BytesIO(await transcoded(tmp_path, file(COLORS), ExplicitVRLittleEndian)))
    # Two decoders of JPEG differ by how they round, and in the places of shared chrominance.
    assert np.abs(samples(after).astype(int) - samples(before)).max() <= 2
    assert (after.PhotometricInterpretation, after.PlanarConfiguration, after.NumberOfFrames) == ("YBR_FULL", 0, 30)
    assert (after.LossyImageCompression, after.SOPInstanceUID) == ("01", before.SOPInstanceUID)
    assert len(after.PixelData) == 240 * 320 * 3 * 30


@pytest.mark.filterwarnings("ignore::UserWarning")
async def test_a_file_that_forgot_to_say_that_it_is_lossy_says_it_once_decoded(tmp_path: Path) -> None:
    before = new_instance("SC_rgb_jls_lossy_line.dcm", SOPClassUID=SecondaryCaptureImageStorage)
    for keyword in ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod"):
        if keyword in before:
            delattr(before, keyword)
    after = pydicom.dcmread(io.BytesIO(await transcoded(tmp_path, part10(before), ImplicitVRLittleEndian)))
    assert (after.LossyImageCompression, after.LossyImageCompressionMethod) == ("01", "ISO_14495_1")
    assert float(after.LossyImageCompressionRatio) > 1


@pytest.mark.filterwarnings("ignore::UserWarning")
async def test_the_offset_table_names_every_frame_and_each_is_one_fragment(tmp_path: Path) -> None:
    after = pydicom.dcmread(io.BytesIO(await transcoded(tmp_path, file(COLORS), HTJ2KLosslessRPCL)))
    offsets, fragments = parse_basic_offsets(after.PixelData), list(generate_fragments(after.PixelData[8 + 4 * 30 :]))
    assert len(fragments) == len(offsets) == 30
    assert offsets == [sum(8 + len(each) for each in fragments[:frame]) for frame in range(30)]
    assert after.PhotometricInterpretation == "YBR_FULL"


async def test_a_lossy_transfer_syntax_is_refused_for_a_new_uid_would_be_needed(tmp_path: Path) -> None:
    with pytest.raises(TranscodingNotPossible):
        await transcoded(tmp_path, file("SC_rgb_small_odd.dcm"), JPEGBaseline8Bit)


async def test_a_file_without_frames_has_native_forms_only(tmp_path: Path) -> None:
    after = pydicom.dcmread(io.BytesIO(await transcoded(tmp_path, file("rtplan.dcm"), ExplicitVRBigEndian)))
    assert attributes(after) == attributes(source("rtplan.dcm"))
    with pytest.raises(TranscodingNotPossible):
        await transcoded(tmp_path / "other", file("rtplan.dcm"), HTJ2KLossless)


@pytest.mark.filterwarnings("ignore::UserWarning")
async def test_bits_of_a_segmentation_come_back(tmp_path: Path) -> None:
    before = source("liver_1frame.dcm")
    for target in (ExplicitVRBigEndian, JPEG2000Lossless, HTJ2KLossless):
        data = await transcoded(tmp_path / target, file("liver_1frame.dcm"), target)
        back = await transcoded(tmp_path / target / "back", data, ExplicitVRLittleEndian)
        assert pydicom.dcmread(io.BytesIO(back)).PixelData == before.PixelData


async def test_a_damaged_frame_is_an_error_before_the_first_byte(tmp_path: Path) -> None:
    data_set = source("MR_small_jp2klossless.dcm")
    [frame] = generate_frames(data_set.PixelData, number_of_frames=1)
    data_set.PixelData = encapsulate([frame[:200]])
    with pytest.raises(UndecodableFrame):
        await transcoded(tmp_path, part10(data_set), HTJ2KLossless)


async def test_who_reads_an_instance_range_by_range_has_it_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    new_frame = Transcoder.new_frame

    async def noting(self: Transcoder, frames: InstanceFrames, frame: int, target_uid: str) -> Frame:
        made.append(frame)
        return await new_frame(self, frames, frame, target_uid)

    monkeypatch.setattr(Transcoder, "new_frame", noting)
    async with opened(tmp_path) as archive:
        instance, transcoder = await stored(archive, part10(new_instance(COLORS))), Transcoder(archive)
        whole = await joined(await transcode_instance(archive, transcoder, instance, RLELossless))
        made.clear()
        pieces = []
        for start in range(0, len(whole), len(whole) // 5):
            content = await remembered_instance(archive, transcoder, instance, RLELossless)
            byte_range = ByteRange(start, min(start + len(whole) // 5, content.length))
            pieces += [bytes(chunk) async for chunk in content.stream(byte_range)]
    assert b"".join(pieces) == whole
    assert sorted(made) == list(range(1, 30)), "each once; the first is remembered by itself"
