"""Instances that lie about themselves: refused quickly, within bounded memory."""

import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import generate_uid

from app.settings import RenderingSettings, Settings
from tests.api.answers import assert_problem, store
from tests.api.in_process import InProcessClient, in_process
from tests.api.rendered.objects import (
    CT,
    document,
    flat,
    image,
    instance,
    new_series,
    path,
    presentation_state,
    report,
    series_path,
)

BOMB_SECONDS = 2
BOMB_BYTES = 64 << 20
JPEG_2000, JPEG_BASELINE, JPEG_LS, RLE = (f"1.2.840.10008.1.2.{suffix}" for suffix in ("4.90", "4.50", "4.80", "5"))


def bomb(syntax: str, codestream: bytes, **attributes: object) -> Dataset:
    """An instance whose one codestream is said to hold 65535 x 65535 pixels."""
    data_set = instance(CT, syntax, Modality="CT")
    data_set.Rows = data_set.Columns = 65535
    data_set.SamplesPerPixel, data_set.PhotometricInterpretation = 1, "MONOCHROME2"
    data_set.BitsAllocated = data_set.BitsStored = 16
    data_set.HighBit, data_set.PixelRepresentation = 15, 0
    for keyword, value in attributes.items():
        setattr(data_set, keyword, value)
    data_set.PixelData = encapsulate([codestream], has_bot=False)
    data_set["PixelData"].VR = "OB"
    data_set["PixelData"].is_undefined_length = True
    return data_set


def short(**attributes: object) -> Dataset:
    """An image of 64 bytes that says other things of itself."""
    data_set = flat(1)
    for keyword, value in attributes.items():
        setattr(data_set, keyword, value)
    return data_set


HOSTILE = {
    "JPEG 2000 bomb": bomb(JPEG_2000, b"\xff\x4f\xff\x51" + bytes(1000)),
    "JPEG bomb": bomb(JPEG_BASELINE, b"\xff\xd8\xff\xc0\0\x0b\x08\xff\xff\xff\xff\x01\x01\x11\0" + bytes(1000)),
    "JPEG-LS bomb": bomb(JPEG_LS, b"\xff\xd8\xff\xf7\0\x0b\x10\xff\xff\xff\xff\x01\x01\x11\0" + bytes(1000)),
    "RLE bomb": bomb(RLE, b"\x01\0\0\0\x40\0\0\0" + bytes(56) + b"\x81\0" * 500),
    "codestream of nothing": bomb(JPEG_2000, bytes(10), Rows=8, Columns=8),
    "native bomb": short(Rows=65535, Columns=65535),
    "frames without end": short(NumberOfFrames=10**9),
    "many frames of no pixels": short(Rows=0, NumberOfFrames=10**9),
    "no columns": short(Columns=0),
    "13 bits allocated": short(BitsAllocated=13, BitsStored=13, HighBit=12),
    "unknown photometric interpretation": short(PhotometricInterpretation="CMYK"),
}


@pytest.mark.archive_in_folder("what is refused depends on its bytes, wherever they come from")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_lie_is_refused_quickly_and_within_bounds(client: InProcessClient, name: str) -> None:
    data_set = HOSTILE[name]
    assert store(client, data_set).status_code == 200
    tracemalloc.start()
    started = time.process_time()
    answers = [
        client.get(f"{base}/{resource}", accept=accept)
        for base in (path(data_set), series_path(data_set))
        for resource in ("rendered", "thumbnail", "frames/1/rendered")
        for accept in ("*/*", "image/gif")
        if base == path(data_set) or resource != "frames/1/rendered"
    ]
    seconds, peak = time.process_time() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < BOMB_BYTES
    assert seconds < BOMB_SECONDS * len(answers)
    for answer in answers:
        if answer.status_code != 200:
            assert answer.status_code in {404, 406}
            assert_problem(answer, answer.status_code)


@pytest.mark.parametrize(("media_type", "name"), [("image/gif", "animation"), ("video/mp4", "video")])
def test_what_moves_is_bounded(data_folder: Path, media_type: str, name: str) -> None:
    limits = RenderingSettings(**{f"{name}_frames": 4, f"{name}_pixels": 300})
    with in_process(Settings(data=data_folder, rendering=limits)) as client:
        frames = np.arange(5 * 8 * 8, dtype=np.uint16).astype(np.uint8).reshape(-1, 8)
        many, large, fits = image(frames, 5), image(frames[: 4 * 8].repeat(2, axis=1), 4), image(frames[: 4 * 8], 4)
        store(client, many, large, fits)
        for data_set in (many, large):
            for base in (path(data_set), series_path(data_set)):
                assert_problem(client.get(f"{base}/rendered", accept=media_type), 406, name)
        assert client.get(f"{path(many)}/rendered").status_code == 200
        assert client.get(f"{path(fits)}/rendered", accept=media_type).status_code == 200


@pytest.mark.parametrize(("media_type", "name"), [("image/gif", "animation"), ("video/mp4", "video")])
def test_a_series_of_too_many_images_does_not_move(data_folder: Path, media_type: str, name: str) -> None:
    limits = RenderingSettings(**{f"{name}_frames": 2})
    series = new_series()
    with in_process(Settings(data=data_folder, rendering=limits)) as client:
        for count, status in ((1, None), (2, 200), (3, 406)):
            store(client, data_set := flat(count, **series, InstanceNumber=count))
            answer = client.get(f"{series_path(data_set)}/rendered", accept=media_type)
            assert status is None or answer.status_code == status


def test_a_presentation_state_of_itself_and_of_thousands(client: InProcessClient) -> None:
    missing = flat(1)
    state = presentation_state(missing, center=1, width=1)
    [series] = state.ReferencedSeriesSequence
    [reference] = series.ReferencedImageSequence
    itself = Dataset()
    itself.ReferencedSOPClassUID, itself.ReferencedSOPInstanceUID = state.SOPClassUID, state.SOPInstanceUID
    series.SeriesInstanceUID = state.SeriesInstanceUID
    series.ReferencedImageSequence = [reference] * 3000 + [itself]
    store(client, state)
    assert_problem(client.get(f"{path(state)}/rendered"), 404)
    assert client.get(f"{path(state)}/thumbnail").status_code == 200


def test_deep_content_of_a_report_is_refused_or_shown(client: InProcessClient) -> None:
    data_set = report()
    item = data_set.ContentSequence[0]
    for _ in range(40):
        inner = Dataset()
        inner.ValueType, inner.TextValue = "TEXT", "deeper"
        item.ContentSequence = [inner]
        item = inner
    store(client, data_set)
    assert client.get(f"{path(data_set)}/rendered").status_code == 200


def test_odd_words_reach_no_header(client: InProcessClient) -> None:
    store(client, data_set := document(b"%PDF" * 9, "application/pdf\r\nX-Evil: 1"))
    answers = [client.get(f"{path(data_set)}/{resource}") for resource in ("rendered", "thumbnail")]
    assert [answer.status_code for answer in answers] == [406, 200]
    assert all("x-evil" not in answer.headers for answer in answers)


def test_a_series_uid_is_not_guessed_from_another_study(client: InProcessClient) -> None:
    store(client, data_set := flat(9))
    assert_problem(client.get(f"/studies/{generate_uid()}/series/{data_set.SeriesInstanceUID}/rendered"), 404)
