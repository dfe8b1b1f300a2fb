"""RetrieveStudy, RetrieveSeries, RetrieveInstance, RetrieveMetadata, RetrieveFrames, RetrieveBulkdata (PS3.18 10.4)."""

import hashlib

import pytest

from tests.api.answers import assert_problem, store
from tests.api.conftest import LIMITS
from tests.api.in_process import InProcessClient
from tests.examples import COLOR_MULTI_FRAME, ECG, JPEG_LS, NATIVE, example, new_instance
from tests.multipart_answers import boundary_of, split_parts
from tests.source_frames import source_frames

NATIVE_PATH, JPEG_LS_PATH, ECG_PATH = (example(name).url_path for name in (NATIVE, JPEG_LS, ECG))
MULTI_FRAME_PATH = example(COLOR_MULTI_FRAME).url_path
STUDY = f"/studies/{example(NATIVE).study}"
SERIES = f"{STUDY}/series/{example(NATIVE).series}"
BULK_DATA = f"{ECG_PATH}/bulkdata/54000100/0/54001010"

UNKNOWN = [
    "/studies/1.2.3",
    f"{STUDY}/series/1.2.3",
    f"{SERIES}/instances/1.2.3",
    f"/studies/1.2.3/series/{example(NATIVE).series}",
    f"/studies/1.2.3/series/{example(NATIVE).series}/instances/{example(NATIVE).instance}",
    f"{STUDY}/series/1.2.3/instances/{example(NATIVE).instance}",
]
"""Also what is stored, but elsewhere."""

NO_UIDS = ["study", "1.", ".1", "1..2", "1.2.a", "-1", "1,2", "%2e%2e", "1" * 65, "1.2%00", "1.2%0A", "%C3%A9"]


@pytest.mark.parametrize("path", UNKNOWN)
@pytest.mark.parametrize("below", ["", "/metadata"])
def test_what_is_not_stored_is_404(archive: InProcessClient, path: str, below: str) -> None:
    assert_problem(archive.get(f"{path}{below}"), 404)


@pytest.mark.parametrize("below", ["/frames/1", "/bulkdata/7FE00010"])
def test_what_is_not_stored_has_neither_frames_nor_bulk_data(archive: InProcessClient, below: str) -> None:
    for path in UNKNOWN:
        if "/instances/" in path:
            assert_problem(archive.get(f"{path}{below}"), 404)


@pytest.mark.parametrize("uid", NO_UIDS)
def test_what_is_no_uid_is_400(archive: InProcessClient, uid: str) -> None:
    for path in (f"/studies/{uid}", f"/studies/1/series/{uid}", f"/studies/1/series/2/instances/{uid}"):
        assert_problem(archive.get(path), 400)
        assert_problem(archive.get(f"{path}/metadata"), 400)


def test_a_component_with_a_leading_zero_is_let_pass(archive: InProcessClient) -> None:
    assert_problem(archive.get("/studies/1.02.3"), 404)


@pytest.mark.parametrize("frame", ["2", "1,2", "31", "1000000000", "9999999999"])
def test_a_frame_beyond_the_last_is_404(archive: InProcessClient, frame: str) -> None:
    path = MULTI_FRAME_PATH if frame == "31" else NATIVE_PATH
    assert_problem(archive.get(f"{path}/frames/{frame}"), 404)


@pytest.mark.parametrize(
    "frames", ["0", "a", "1,,2", "-1", "1,", ",1", "1.0", "+1", "01", "1;2", "1%202", "1-2", "9" * 30]
)
def test_what_is_no_list_of_frame_numbers_is_400(archive: InProcessClient, frames: str) -> None:
    assert_problem(archive.get(f"{NATIVE_PATH}/frames/{frames}"), 400)


def test_an_empty_list_of_frames_is_no_resource(archive: InProcessClient) -> None:
    assert archive.get(f"{NATIVE_PATH}/frames/").status_code in {400, 404}


def test_an_instance_without_pixels_has_no_frames(archive: InProcessClient) -> None:
    assert_problem(archive.get(f"{ECG_PATH}/frames/1"), 404)


def test_more_frames_than_the_limit_are_400(narrow_client: InProcessClient) -> None:
    instance = new_instance()
    store(narrow_client, instance)
    [row] = narrow_client.get("/instances").json()
    [url] = row["00081190"]["Value"]
    assert narrow_client.get(f"{url}/frames/{','.join(['1'] * LIMITS.frames)}").status_code == 200
    answer = narrow_client.get(f"{url}/frames/{','.join(['1'] * (LIMITS.frames + 1))}")
    assert_problem(answer, 400, str(LIMITS.frames))


@pytest.mark.parametrize("attribute", ["00100010", "7FE00011", "54000100", "54000100/0", "54000100/9/54001010"])
def test_an_attribute_that_is_no_bulk_data_is_404_or_400(archive: InProcessClient, attribute: str) -> None:
    status = 400 if attribute.endswith("/0") else 404
    assert_problem(archive.get(f"{ECG_PATH}/bulkdata/{attribute}"), status)


@pytest.mark.parametrize(
    "attribute", ["WaveformData", "5400", "54000100/x/54001010", "../../../../etc/passwd", "5400010G"]
)
def test_what_is_no_attribute_path_is_400_or_404(archive: InProcessClient, attribute: str) -> None:
    answer = archive.get(f"{ECG_PATH}/bulkdata/{attribute}")
    assert answer.status_code in {400, 404}
    assert_problem(answer, answer.status_code)


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        (STUDY, "image/png"),
        (STUDY, "application/dicom"),
        (NATIVE_PATH, 'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.4.100'),
        (NATIVE_PATH, 'multipart/related; type="image/jpeg"'),
        (f"{NATIVE_PATH}/metadata", "application/dicom"),
        (f"{NATIVE_PATH}/frames/1", 'multipart/related; type="image/gif"'),
        (f"{MULTI_FRAME_PATH}/frames/1,2", "image/jpeg"),
        (f"{JPEG_LS_PATH}/frames/1", "application/dicom+json"),
        (BULK_DATA, "image/jpeg"),
    ],
)
def test_what_is_not_on_offer_is_406_with_the_offers(archive: InProcessClient, path: str, accept: str) -> None:
    assert_problem(archive.get(path, accept=accept), 406, "application/")


def test_nothing_is_given_for_half_of_a_study(client: InProcessClient) -> None:
    first = new_instance()
    second = new_instance("MR_small_jpeg_ls_lossless.dcm", StudyInstanceUID=first.StudyInstanceUID)
    store(client, first, second)
    accept = 'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.4.80'
    answer = client.get(f"/studies/{first.StudyInstanceUID}", accept=accept)
    # Either every instance in the transfer syntax that is asked for, or none.
    if answer.status_code == 200:
        assert len(split_parts(answer.content, boundary_of(answer.headers["content-type"]))) == 2
    else:
        assert_problem(answer, 406)


def test_a_single_instance_comes_as_one_part_when_that_is_asked(archive: InProcessClient) -> None:
    answer = archive.get(NATIVE_PATH, accept="application/dicom; transfer-syntax=*")
    assert answer.headers["content-type"] == "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"
    assert hashlib.sha256(answer.content).hexdigest() == example(NATIVE).sha256
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_a_single_frame_comes_as_one_part_when_that_is_asked(archive: InProcessClient) -> None:
    answer = archive.get(f"{NATIVE_PATH}/frames/1", accept="application/octet-stream")
    assert answer.headers["content-type"] == "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"
    assert answer.content == source_frames(example(NATIVE).data_set())[0]


def test_a_compressed_frame_is_not_passed_off_as_native_pixels(archive: InProcessClient) -> None:
    """PS3.18 8.7.3.3: application/octet-stream without a transfer syntax is uncompressed."""
    answer = archive.get(f"{JPEG_LS_PATH}/frames/1", accept='multipart/related; type="application/octet-stream"')
    if answer.status_code == 200:
        [part] = split_parts(answer.content, boundary_of(answer.headers["content-type"]))
        assert part.body != source_frames(example(JPEG_LS).data_set())[0]
    else:
        assert_problem(answer, 406)


def test_metadata_of_a_study_a_series_and_an_instance_are_the_same_documents(archive: InProcessClient) -> None:
    documents = [archive.get(f"{path}/metadata").json() for path in (STUDY, SERIES, NATIVE_PATH)]
    assert documents[0] == documents[1] == documents[2]
    assert documents[0][0]["00080018"]["Value"] == [example(NATIVE).instance]


def test_bulk_data_is_the_value_of_the_attribute(archive: InProcessClient) -> None:
    answer = archive.get(BULK_DATA, accept="application/octet-stream")
    assert answer.content == example(ECG).data_set().WaveformSequence[0].WaveformData


@pytest.mark.parametrize(
    "path", ["/studies", NATIVE_PATH, f"{NATIVE_PATH}/metadata", f"{NATIVE_PATH}/frames/1", BULK_DATA]
)
def test_head_is_answered_as_get_without_the_body(archive: InProcessClient, path: str) -> None:
    """RFC 9110 9.3.2."""
    head, get = archive.request("HEAD", path), archive.get(path)
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-type"].partition("boundary")[0] == get.headers["content-type"].partition("boundary")[0]
    assert head.headers.get("content-length", get.headers["content-length"]) == get.headers["content-length"]
