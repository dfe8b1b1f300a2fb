"""Damaged codestreams: refused in other forms before the first byte of an answer, given as they are (PS3.18 8.7.3)."""

import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames

from tests.api.answers import assert_problem, store
from tests.api.in_process import InProcessClient
from tests.api.transcoding.test_instances import SEVERAL, TARGETS, path_of
from tests.api.transcoding.truth import data_sets_of, parts_of
from tests.examples import COLOR_MULTI_FRAME, JPEG_LS, new_instance
from tests.source_frames import transfer_syntax_of

JPEG_2000, LITTLE_ENDIAN, RLE = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5"
FRAME_TYPES = ["application/octet-stream", "image/dicom-rle", "image/jls", "image/jp2", "image/jphc"]
DAMAGE = {
    "empty": lambda frame: b"\0\0",
    "half": lambda frame: frame[: len(frame) // 2],
    "no header": lambda frame: bytes(40) + frame[40:],
    "holes": lambda frame: bytes(0 if index % 50 == 49 else each for index, each in enumerate(frame)),
    "another": lambda frame: b"\xff\xd8\xff\xd9",
}


@pytest.mark.archive_in_folder("what is made of a frame depends on its bytes, wherever they come from")
@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize(
    "name",
    [
        JPEG_LS,
        COLOR_MULTI_FRAME,
        "MR_small_jp2klossless.dcm",
        "MR_small_RLE.dcm",
        "SC_rgb_jpeg_gdcm.dcm",
        "JPEG-lossy.dcm",
    ],
)
def test_damage_is_never_a_fault_of_the_server(server: InProcessClient, name: str, damage: str) -> None:
    data_set = new_instance(name)
    count = int(data_set.get("NumberOfFrames") or 1)
    first, *others = generate_frames(data_set.PixelData, number_of_frames=count)
    data_set.PixelData = encapsulate([DAMAGE[damage](first), *others])
    assert store(server, data_set).status_code == 200
    path = path_of(data_set)
    answers = [server.get(f"{path}/frames/1", accept=accept) for accept in FRAME_TYPES]
    answers += [server.get(path, accept=f"application/dicom; transfer-syntax={uid}") for uid in TARGETS]
    assert {answer.status_code for answer in answers} <= {200, 406}
    for answer in answers:
        if answer.status_code == 406:
            assert_problem(answer, 406)
    assert server.get(path, accept="application/dicom").status_code == 200
    assert server.get(f"{path}/frames/1", accept="*/*").status_code == 200


def test_a_damaged_codestream_is_refused_in_other_forms_and_given_as_it_is(server: InProcessClient) -> None:
    damaged = new_instance("MR_small_jp2klossless.dcm")
    [frame] = generate_frames(damaged.PixelData, number_of_frames=1)
    damaged.PixelData = encapsulate([frame[:200]])
    whole = new_instance(JPEG_LS, StudyInstanceUID=damaged.StudyInstanceUID)
    assert store(server, damaged, whole).status_code == 200
    path = path_of(damaged)
    for target in TARGETS:
        if target != JPEG_2000:
            refused = server.get(path, accept=f"application/dicom; transfer-syntax={target}")
            assert_problem(refused, 406, "codestream")
    for accept in FRAME_TYPES:
        if accept != "image/jp2":
            assert_problem(server.get(f"{path}/frames/1", accept=accept), 406, "codestream")
    stored = server.get(path, accept="application/dicom; transfer-syntax=*").content
    assert server.get(path, accept="application/dicom").content == stored
    [part] = parts_of(server.get(path, accept=SEVERAL))
    assert part.headers["content-type"] == f"application/dicom; transfer-syntax={JPEG_2000}"
    after = list(data_sets_of(server.get(f"/studies/{damaged.StudyInstanceUID}", accept=SEVERAL)))
    assert {transfer_syntax_of(each) for each in after} == {JPEG_2000, LITTLE_ENDIAN}


def test_a_damaged_later_frame_refuses_the_whole_instance_and_is_named(server: InProcessClient) -> None:
    damaged = _damaged_in_frame_5()
    assert store(server, damaged).status_code == 200
    path = path_of(damaged)
    for target in TARGETS:
        for headers in ({}, {"range": "bytes=0-99"}):
            answer = server.get(path, accept=f"application/dicom; transfer-syntax={target}", **headers)
            assert_problem(answer, 406, "Frame 5", damaged.SOPInstanceUID)
            for offered in answer.json()["offered"]:
                assert server.get(path, accept=offered).status_code == 200
    refused = server.get(f"{path}/frames/1,5", accept='multipart/related; type="image/jphc"')
    assert_problem(refused, 406, "Frame 5", damaged.SOPInstanceUID)
    for offered in refused.json()["offered"]:
        assert server.get(f"{path}/frames/1,5", accept=offered).status_code == 200
    assert server.get(f"{path}/frames/1,4,6", accept='multipart/related; type="image/jphc"').status_code == 200


@pytest.mark.parametrize("target", [LITTLE_ENDIAN, RLE])
def test_a_damaged_instance_among_others_goes_as_it_is_stored_to_who_takes_that(
    server: InProcessClient, target: str
) -> None:
    """PS3.18 8.7.8.2 Note 1: parts may be in several transfer syntaxes, each of which names its own."""
    damaged = _damaged_in_frame_5()
    whole = new_instance(JPEG_LS, StudyInstanceUID=damaged.StudyInstanceUID)
    assert store(server, whole, damaged).status_code == 200
    several = 'multipart/related; type="application/dicom"; transfer-syntax='
    answer = server.get(f"/studies/{damaged.StudyInstanceUID}", accept=f"{several}{target}, {several}*; q=0.1")
    parts = {str(each.SOPInstanceUID): transfer_syntax_of(each) for each in data_sets_of(answer)}
    stored = transfer_syntax_of(damaged)
    assert parts == {whole.SOPInstanceUID: target, damaged.SOPInstanceUID: stored}
    assert answer.headers["accept-ranges"] == "none"


def test_a_study_whose_first_instance_is_damaged_is_refused(server: InProcessClient) -> None:
    damaged = _damaged_in_frame_5()
    whole = new_instance(JPEG_LS, StudyInstanceUID=damaged.StudyInstanceUID)
    assert store(server, damaged, whole).status_code == 200
    path, accept = f"/studies/{damaged.StudyInstanceUID}", f"{SEVERAL}; transfer-syntax={LITTLE_ENDIAN}"
    assert_problem(server.get(path, accept=accept), 406, "Frame 5", damaged.SOPInstanceUID)
    assert server.request("HEAD", path, {"Accept": accept}).status_code == 406


def test_who_holds_anything_of_a_damaged_instance_is_told_what_there_is(server: InProcessClient) -> None:
    """If-None-Match: * is judged by what would be given (RFC 9110 13.2.1), which is not what was asked for first."""
    damaged = _damaged_in_frame_5()
    assert store(server, damaged).status_code == 200
    path, accept = path_of(damaged), f"application/dicom; transfer-syntax={RLE}, application/dicom; q=0.1"
    given = server.get(path, accept=accept)
    assert given.headers["content-type"].endswith(transfer_syntax_of(damaged))
    kept = server.get(path, accept=accept, if_none_match="*")
    assert (kept.status_code, kept.headers["etag"]) == (304, given.headers["etag"])
    for resource, asked in [
        (path, f"application/dicom; transfer-syntax={RLE}"),
        (f"{path}/frames/5", "image/jphc"),
        (f"{path}/frames/5/rendered", "image/png"),
    ]:
        assert_problem(server.get(resource, accept=asked, if_none_match="*"), 406)


def _damaged_in_frame_5() -> Dataset:
    data_set = new_instance(COLOR_MULTI_FRAME)
    frames = list(generate_frames(data_set.PixelData, number_of_frames=int(data_set.NumberOfFrames)))
    frames[4] = DAMAGE["no header"](frames[4])
    data_set.PixelData = encapsulate(frames)
    return data_set
