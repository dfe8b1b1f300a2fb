"""Frames in other transfer syntaxes, from an archive: right, and made once."""

import asyncio
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRLittleEndian, HTJ2KLossless, HTJ2KLosslessRPCL, JPEG2000Lossless

from app.codecs.errors import UndecodableFrame
from app.services import transcoding
from app.services.archive import Archive
from app.services.errors import ResourceNotFound
from app.services.frames import InstanceFrames, find_frames
from app.services.transcoding import Transcoder
from tests.source_frames import little_endian
from tests.unit.app.services.archives import opened, store

FILES = ["CT_small.dcm", "MR_small_bigendian.dcm", "image_dfl.dcm", "MR_small_implicit.dcm", "liver_expb_1frame.dcm"]


async def frames_of(archive: Archive, name: str) -> InstanceFrames:
    report = await store(archive, Path(str(get_testdata_file(name, download=False))).read_bytes())
    [outcome] = report.outcomes
    return await find_frames(archive, outcome.key)


@pytest.mark.parametrize("target", [HTJ2KLossless, JPEG2000Lossless], ids=lambda uid: uid.name)
@pytest.mark.parametrize("name", FILES)
async def test_native_frames_come_back_from_compressed_ones(name: str, target: str, tmp_path: Path) -> None:
    data_set = pydicom.dcmread(str(get_testdata_file(name, download=False)))
    native = data_set.PixelData
    if not data_set.file_meta.TransferSyntaxUID.is_little_endian:
        native = little_endian(native, data_set["PixelData"].VR, data_set.BitsAllocated)
    async with opened(tmp_path) as archive:
        frames, transcoder = await frames_of(archive, name), Transcoder(archive)
        frame = await transcoder.frame(frames, 0, target)
        pixels = await transcoder.describe(frames.instance)
    assert transcoding.transcode(frame.data, target, ExplicitVRLittleEndian, pixels).data == native


async def test_thirty_viewers_and_those_after_them_cost_one_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []

    def counted(*args: object) -> object:
        runs.append(args)
        return original(*args)

    original = transcoding.transcode
    monkeypatch.setattr(transcoding, "transcode", counted)
    async with opened(tmp_path) as archive:
        frames, transcoder = await frames_of(archive, "CT_small.dcm"), Transcoder(archive)
        asked = [transcoder.frame(frames, 0, HTJ2KLosslessRPCL) for _ in range(30)]
        assert len({frame.data for frame in await asyncio.gather(*asked)}) == 1
        await transcoder.frame(frames, 0, HTJ2KLosslessRPCL)
        assert len(runs) == 1
        await transcoder.frame(frames, 0, JPEG2000Lossless)
        assert len(runs) == 2


async def test_what_is_gone_is_not_described(tmp_path: Path) -> None:
    async with opened(tmp_path) as archive:
        frames = await frames_of(archive, "CT_small.dcm")
        await archive.index.delete(frames.instance.key)
        with pytest.raises(ResourceNotFound):
            await Transcoder(archive).frame(frames, 0, HTJ2KLossless)


async def test_a_damaged_frame_is_an_error_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(tmp_path) as archive:
        frames, transcoder = await frames_of(archive, "MR_small_jp2klossless.dcm"), Transcoder(archive)
        key = frames.instance.blob_key
        [path] = [path for path in tmp_path.rglob("*") if path.is_file() and path.name in key]
        data = bytearray(path.read_bytes())
        start = frames.index.ranges(0)[0].start
        data[start : start + 40] = bytes(40)
        path.write_bytes(data)
        for _ in range(2):
            with pytest.raises(UndecodableFrame):
                await transcoder.frame(frames, 0, HTJ2KLossless)
