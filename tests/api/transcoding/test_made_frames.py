"""Frames in a media type and transfer syntax that is made for the client (PS3.18 Table 8.7.3-4)."""

from pathlib import Path

import numpy as np
import openjpeg
import pydicom
import pytest
from pydicom.dataset import Dataset

from app.codecs.pixels import Frame
from tests.api.answers import assert_problem
from tests.api.in_process import InProcessClient
from tests.api.transcoding.truth import (
    assert_same_samples,
    description_of,
    held,
    images_of_every_form,
    native_frame,
    parts_of,
    samples,
)
from tests.source_frames import source_frames, transfer_syntax_of
from tests.unit.app.codecs.judge import judged

pytestmark = pytest.mark.archive_in_folder("what is made of a frame depends on its bytes, wherever they come from")

PREFIX = "1.2.840.10008.1.2.4."
RLE, JPEG_LS, JPEG_2000 = "1.2.840.10008.1.2.5", f"{PREFIX}80", f"{PREFIX}90"
HTJ2K, HTJ2K_RPCL, BASELINE = f"{PREFIX}201", f"{PREFIX}202", f"{PREFIX}50"
LOSSLESS = {
    "image/dicom-rle": RLE,
    "image/jls": JPEG_LS,
    "image/jp2": JPEG_2000,
    "image/jphc": HTJ2K,
    f"image/jphc; transfer-syntax={HTJ2K_RPCL}": HTJ2K_RPCL,
}
"""By what is asked for; without a transfer syntax the default of the media type is meant."""

BITS = {RLE: {8, 16, 32}, JPEG_LS: {8, 16}, JPEG_2000: {1, 8, 16}, HTJ2K: {1, 8, 16}, HTJ2K_RPCL: {1, 8, 16}}
"""Bits allocated of the pixels that have such a form, from the tables of PS3.5 8.2 and what OpenJPEG reads."""

SAME_MEDIA_TYPE = {f"{PREFIX}81": JPEG_LS, f"{PREFIX}91": JPEG_2000, f"{PREFIX}202": HTJ2K, f"{PREFIX}203": HTJ2K}
"""Stored transfer syntaxes that go out under the media type of another one, without being decoded."""

NOT_JUDGED = {
    "JPEG2000-embedded-sequence-delimiter.dcm": "damaged",
    "dicom-test-files__mlut_18.dcm": "pydicom leaves out bits above those stored, from some of the codestreams only",
}
IMAGES = [path for path in images_of_every_form() if path.name not in NOT_JUDGED]
LOSS = 30
"""Levels that JPEG of quality 90 may be off at sharp edges; on average it is a tenth of that."""


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("accept", LOSSLESS)
@pytest.mark.parametrize("path", IMAGES, ids=lambda path: path.name)
def test_lossless_codestreams_hold_the_same_pixels_for_other_decoders(
    server: InProcessClient, path: Path, accept: str
) -> None:
    source, data_set, uid = held(server, path), pydicom.dcmread(path, force=True), LOSSLESS[accept]
    answer = server.get(f"{source.url_path}/frames/1", accept=accept)
    is_float = "PixelData" not in data_set
    stored_uid = transfer_syntax_of(data_set)
    if stored_uid == uid or (SAME_MEDIA_TYPE.get(stored_uid) == uid and "transfer-syntax" not in accept):
        assert answer.headers["content-type"] == f"{accept.partition(';')[0]}; transfer-syntax={stored_uid}"
        assert answer.content == source_frames(data_set)[0]
        return
    if is_float or data_set.BitsAllocated not in BITS[uid]:
        assert_problem(answer, 406, "application/octet-stream")
        return
    assert answer.headers["content-type"] == f"{accept.partition(';')[0]}; transfer-syntax={uid}"
    assert_same_samples(decoded(answer.content, uid, data_set), truth(data_set), data_set)


def truth(data_set: Dataset) -> np.ndarray:
    """The samples of the first frame."""
    if data_set.BitsAllocated == 1:
        bits = np.unpackbits(np.frombuffer(native_frame(data_set, 0), np.uint8), bitorder="little")
        return bits[: data_set.Rows * data_set.Columns].reshape(data_set.Rows, data_set.Columns)
    return samples(data_set, 0)


def decoded(codestream: bytes, uid: str, data_set: Dataset) -> np.ndarray:
    """The samples of a codestream."""
    if data_set.BitsAllocated == 1:
        return openjpeg.decode(codestream)
    pixels = description_of(data_set)
    return judged(Frame(codestream, pixels.photometric_interpretation), uid, pixels)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("path", IMAGES, ids=lambda path: path.name)
def test_baseline_jpeg_is_made_where_its_transfer_syntax_is_asked_for(server: InProcessClient, path: Path) -> None:
    source, data_set = held(server, path), pydicom.dcmread(path, force=True)
    accept = f'multipart/related; type="image/jpeg"; transfer-syntax={BASELINE}'
    answer = server.get(f"{source.url_path}/frames/1", accept=accept)
    if transfer_syntax_of(data_set) == BASELINE:
        assert parts_of(answer)[0].body == source_frames(data_set)[0]
        return
    if data_set.BitsAllocated != 8 or data_set.PhotometricInterpretation == "PALETTE COLOR":
        assert_problem(answer, 406)
        return
    [part] = parts_of(answer)
    assert part.headers["content-type"] == f"image/jpeg; transfer-syntax={BASELINE}"
    is_rgb = data_set.PhotometricInterpretation in {"RGB", "YBR_RCT", "YBR_ICT"}
    expected = pydicom.pixels.convert_color_space(truth(data_set), "RGB", "YBR_FULL") if is_rgb else truth(data_set)
    made = decoded(part.body, BASELINE, data_set)
    assert np.abs(made.astype(int) - expected).mean() < LOSS / 10
    if data_set.SamplesPerPixel == 1:
        assert_same_samples(made, expected, data_set, LOSS)


@pytest.mark.parametrize("accept", ["image/jpeg", 'multipart/related; type="image/jpeg"', "image/*;q=0.1"])
def test_baseline_jpeg_is_not_made_for_who_does_not_name_it(server: InProcessClient, accept: str) -> None:
    [path] = [path for path in IMAGES if path.name == "SC_rgb_small_odd.dcm"]
    answer = server.get(f"{held(server, path).url_path}/frames/1", accept=accept)
    if answer.status_code != 406:
        assert "image/jpeg" not in answer.headers["content-type"]


def test_several_frames_are_made_in_the_order_of_the_list(server: InProcessClient) -> None:
    [path] = [path for path in IMAGES if path.name == "dicom-test-files__SC_rgb_16bit_2frame.dcm"] or pytest.skip(
        "absent"
    )
    source, data_set = held(server, path), pydicom.dcmread(path)
    accept = f'multipart/related; type="image/jphc"; transfer-syntax={HTJ2K_RPCL}'
    parts = parts_of(server.get(f"{source.url_path}/frames/2,1,2,2", accept=accept))
    assert [part.headers["content-location"][-9:] for part in parts] == [f"/frames/{n}" for n in (2, 1, 2, 2)]
    for part, frame in zip(parts, (1, 0, 1, 1), strict=True):
        assert np.array_equal(decoded(part.body, HTJ2K_RPCL, data_set), samples(data_set, frame))
