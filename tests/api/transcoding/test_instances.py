"""Instances in other transfer syntaxes, read again by pydicom (PS3.18 8.7.3, Table 8.7.3-2; PS3.5 Annex A)."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames, parse_basic_offsets
from pydicom.uid import JPEG2000Lossless

from tests.api.answers import assert_problem, store
from tests.api.in_process import InProcessClient
from tests.api.transcoding.truth import (
    assert_same_samples,
    attributes,
    bundled_images,
    data_sets_of,
    held,
    parts_of,
    samples,
)
from tests.examples import COLOR_MULTI_FRAME, ECG, JPEG_2000, JPEG_LS, NATIVE, new_instance, part10
from tests.source_frames import transfer_syntax_of

PREFIX = "1.2.840.10008.1.2.4."
LITTLE_ENDIAN, DEFLATED, RLE = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.5"
TARGETS = [LITTLE_ENDIAN, DEFLATED, RLE, *(PREFIX + suffix for suffix in ("80", "90", "201", "202"))]
LOSSY = {PREFIX + suffix for suffix in ("50", "51", "81", "91", "203")}
WITH_COLOR_TRANSFORM = TARGETS[-3:]
NOT_COMPARED = {
    "JPEG2000-embedded-sequence-delimiter.dcm": "damaged",
    "JPEG-lossy.dcm": "no other decoder here reads 12 bits of it",
    "badVR.dcm": "pydicom cannot decode its values",
}
FILES = [path for path in bundled_images() if path.name not in NOT_COMPARED]
SEVERAL = 'multipart/related; type="application/dicom"'


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_without_a_transfer_syntax_it_is_explicit_vr_little_endian_unless_pixels_were_lost(
    server: InProcessClient, path: Path
) -> None:
    source, before = held(server, path), pydicom.dcmread(path, force=True)
    stored_uid = transfer_syntax_of(before)
    answer = server.get(source.url_path, accept="application/dicom")
    uid = stored_uid if stored_uid in LOSSY else LITTLE_ENDIAN
    assert answer.headers["content-type"] == f"application/dicom; transfer-syntax={uid}"
    if uid == stored_uid:
        assert answer.content == path.read_bytes()
        return
    after = pydicom.dcmread(BytesIO(answer.content))
    assert (transfer_syntax_of(after), after.SOPInstanceUID) == (uid, before.SOPInstanceUID)
    assert np.array_equal(samples(after), samples(before))
    assert attributes(after) == attributes(before)
    for accept in (SEVERAL, "*/*", ""):
        [part] = parts_of(server.get(source.url_path, accept=accept))
        assert part.body == answer.content


@pytest.mark.archive_in_folder("what is made of a frame depends on its bytes, wherever they come from")
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "name",
    [
        NATIVE,
        JPEG_LS,
        JPEG_2000,
        "MR_small_bigendian.dcm",
        "image_dfl.dcm",
        "examples_palette.dcm",
        "SC_rgb_rle_16bit_2frame.dcm",
        "ExplVR_BigEnd.dcm",
        "SC_rgb_dcmtk_+eb+cy+np.dcm",
        "SC_ybr_full_422_uncompressed.dcm",
    ],
)
def test_every_transfer_syntax_holds_the_same_pixels_and_attributes(
    server: InProcessClient, name: str, target: str
) -> None:
    [path] = [path for path in bundled_images() if path.name == name]
    source, before = held(server, path), pydicom.dcmread(path)
    answer = server.get(source.url_path, accept=f"{SEVERAL}; transfer-syntax={target}")
    [after] = data_sets_of(answer)
    if transfer_syntax_of(before) == target:
        assert parts_of(answer)[0].body == path.read_bytes()
        return
    assert transfer_syntax_of(after) == after.file_meta.TransferSyntaxUID == target
    assert after.file_meta.MediaStorageSOPInstanceUID == after.SOPInstanceUID == before.SOPInstanceUID
    assert_same_samples(samples(after), samples(before), before)
    assert_described(after, before)


def assert_described(after: Dataset, before: Dataset) -> None:
    """The attributes are those of before, and those of the pixels go with their new form."""
    target, compressed = transfer_syntax_of(after), transfer_syntax_of(after).is_encapsulated
    lossy = {"(0028,2110)", "(0028,2112)", "(0028,2114)"}
    kept, old = attributes(after), attributes(before)
    if transfer_syntax_of(before) in LOSSY:
        assert after.LossyImageCompression == "01"
        kept, old = ({tag: each[tag] for tag in each if tag not in lossy} for each in (kept, old))
    assert kept == old
    if after.SamplesPerPixel == 3:
        is_new = compressed or transfer_syntax_of(before).is_encapsulated
        photometric = before.PhotometricInterpretation
        if is_new:
            photometric = {"YBR_RCT": "RGB", "YBR_ICT": "RGB", "YBR_FULL_422": "YBR_FULL"}.get(photometric, photometric)
        if photometric == "RGB" and target in WITH_COLOR_TRANSFORM:
            photometric = "YBR_RCT"
        assert after.PhotometricInterpretation == photometric
        assert after.PlanarConfiguration == (0 if is_new else before.PlanarConfiguration)
    if compressed:
        frames = int(after.get("NumberOfFrames") or 1)
        codestreams = list(generate_frames(after.PixelData, number_of_frames=frames))
        offsets = parse_basic_offsets(after.PixelData)
        assert offsets == [sum(8 + len(each) for each in codestreams[:frame]) for frame in range(frames)]
    assert "ExtendedOffsetTable" not in after


def test_every_lossy_frame_is_decoded_where_native_pixels_are_asked_for(server: InProcessClient) -> None:
    before = new_instance(COLOR_MULTI_FRAME)
    assert store(server, before).status_code == 200
    accept = f"application/dicom; transfer-syntax={LITTLE_ENDIAN}"
    after = pydicom.dcmread(BytesIO(server.get(path_of(before), accept=accept).content))
    assert_same_samples(samples(after), samples(before), before)
    assert (after.LossyImageCompression, after.SOPInstanceUID) == ("01", before.SOPInstanceUID)
    assert (after.PhotometricInterpretation, after.PlanarConfiguration) == ("YBR_FULL", 0)


@pytest.mark.parametrize(
    "accept",
    [
        "application/dicom; transfer-syntax=*",
        f"{SEVERAL}; transfer-syntax=*",
        f'{SEVERAL}; transfer-syntax="*"',
        "multipart/related; transfer-syntax=*; type=application/dicom",
        f"application/dicom; transfer-syntax={PREFIX}90",
        f"{SEVERAL}; transfer-syntax={PREFIX}92; transfer-syntax={PREFIX}90",
        f"{SEVERAL}; transfer-syntax={PREFIX}92; transfer-syntax=*",
        f"{SEVERAL};q=0.1, {SEVERAL}; transfer-syntax={PREFIX}90",
    ],
)
def test_the_stored_file_goes_to_who_takes_it(server: InProcessClient, accept: str) -> None:
    data_set = new_instance("MR_small_jp2klossless.dcm")
    assert store(server, data_set).status_code == 200
    stored = server.get(path_of(data_set), accept="application/dicom; transfer-syntax=*").content
    answer = server.get(path_of(data_set), accept=accept)
    bodies = [part.body for part in parts_of(answer)] if accept.startswith("multipart") else [answer.content]
    assert bodies == [stored]
    assert pydicom.dcmread(BytesIO(stored)) == data_set
    assert transfer_syntax_of(pydicom.dcmread(BytesIO(stored))) == JPEG2000Lossless


@pytest.mark.parametrize(
    "uid", [f"{PREFIX}50", f"{PREFIX}81", f"{PREFIX}91", f"{PREFIX}203", "1.2.3", "1.2.840.10008.1.2.2"]
)
def test_what_is_not_made_is_refused_with_what_is(server: InProcessClient, uid: str) -> None:
    data_set = new_instance(NATIVE)
    assert store(server, data_set).status_code == 200
    for accept in (f"application/dicom; transfer-syntax={uid}", f"{SEVERAL}; transfer-syntax={uid}"):
        assert_problem(server.get(path_of(data_set), accept=accept), 406, *TARGETS)


def test_of_one_study_some_are_transcoded_and_some_are_not(server: InProcessClient) -> None:
    first = new_instance(JPEG_2000)
    study = {"StudyInstanceUID": first.StudyInstanceUID}
    names = NATIVE, JPEG_LS, COLOR_MULTI_FRAME, ECG, "rtplan.dcm"
    data_sets = [first, *(new_instance(name, **study) for name in names)]
    assert store(server, *data_sets).status_code == 200
    path = f"/studies/{first.StudyInstanceUID}"
    answer = server.get(path, accept=SEVERAL)
    assert "content-length" not in answer.headers
    after = {data_set.SOPInstanceUID: data_set for data_set in data_sets_of(answer)}
    assert after.keys() == {data_set.SOPInstanceUID for data_set in data_sets}
    for data_set in data_sets:
        stored_uid, made = transfer_syntax_of(data_set), after[data_set.SOPInstanceUID]
        assert transfer_syntax_of(made) == (stored_uid if stored_uid in LOSSY else LITTLE_ENDIAN)
        assert attributes(made) == attributes(data_set)
        if "PixelData" in data_set:
            assert np.array_equal(samples(made), samples(data_set))
    tag = answer.headers["etag"]
    assert server.get(path, accept=SEVERAL, if_none_match=tag).status_code == 304
    assert server.get(path, accept=SEVERAL).content == answer.content
    stored = server.get(path, accept=f"{SEVERAL}; transfer-syntax=*")
    assert stored.headers["etag"] != tag
    assert {transfer_syntax_of(each) for each in data_sets_of(stored)} == {
        transfer_syntax_of(each) for each in data_sets
    }
    assert_problem(server.get(path, accept=f"{SEVERAL}; transfer-syntax={PREFIX}90"), 406, LITTLE_ENDIAN)
    series = f"{path}/series/{first.SeriesInstanceUID}"
    [made] = data_sets_of(server.get(series, accept=f"{SEVERAL}; transfer-syntax={PREFIX}202"))
    assert np.array_equal(samples(made), samples(first))


@pytest.mark.parametrize("target", TARGETS)
def test_answers_that_are_made_can_be_resumed_and_kept(server: InProcessClient, target: str) -> None:
    data_set = new_instance("SC_rgb_rle_16bit_2frame.dcm")
    assert store(server, data_set).status_code == 200
    path, accept = path_of(data_set), f"application/dicom; transfer-syntax={target}"
    whole = server.get(path, accept=accept)
    size, tag = len(whole.content), whole.headers["etag"]
    assert int(whole.headers["content-length"]) == size
    assert server.get(path, accept=accept, if_none_match=tag).status_code == 304
    middle = size // 2
    cut = server.get(path, accept=accept, range=f"bytes={middle}-", if_range=tag)
    assert (cut.status_code, cut.content) == (206, whole.content[middle:])
    several = server.get(path, accept=f"{SEVERAL}; transfer-syntax={target}")
    again = server.get(path, accept=f"{SEVERAL}; transfer-syntax={target}", range="bytes=0-699")
    assert again.content == several.content[:700]


def path_of(data_set: Dataset) -> str:
    return (
        f"/studies/{data_set.StudyInstanceUID}/series/{data_set.SeriesInstanceUID}/instances/{data_set.SOPInstanceUID}"
    )


def test_ranges_of_a_cut_off_value_that_is_made_little_endian_fit_together(server: InProcessClient) -> None:
    """The rest that is shorter than a word of 32 bits stays as it is (PS3.18 8.7.3)."""
    instance = new_instance("rtdose_expb_1frame.dcm")
    received = part10(instance)[:-13]
    assert store(server, received).status_code == 202
    path = path_of(instance)
    whole = server.get(path, accept="application/dicom").content
    words, rest = instance.PixelData[:-16], instance.PixelData[-16:-13]
    assert whole.endswith(np.frombuffer(words, ">u4").astype("<u4").tobytes() + rest + b"\0")
    for start, stop in [(len(whole) - length, len(whole) - 1) for length in (2, 3, 4, 5)]:
        answer = server.get(path, accept="application/dicom", range=f"bytes={start}-{stop - 1}")
        assert (answer.status_code, answer.content) == (206, whole[start:stop])
