"""Which transfer syntax goes to whom (PS3.18 8.7.3, 8.7.5), as real clients ask."""

import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import MPEG4HP41, JPEGLSNearLossless

from tests.api.answers import assert_problem, store
from tests.api.in_process import InProcessClient
from tests.api.transcoding.truth import parts_of
from tests.examples import COLOR_MULTI_FRAME, JPEG_2000, JPEG_LS, NATIVE, new_instance
from tests.source_frames import source_frames

PREFIX = "1.2.840.10008.1.2.4."
LITTLE_ENDIAN, RLE = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5"
OCTETS = 'multipart/related; type="application/octet-stream"'


def path_of(data_set: Dataset) -> str:
    return (
        f"/studies/{data_set.StudyInstanceUID}/series/{data_set.SeriesInstanceUID}/instances/{data_set.SOPInstanceUID}"
    )


def frame_of(server: InProcessClient, data_set: Dataset, accept: str, frames: str = "1") -> tuple[str, bytes]:
    """The Content-Type and the bytes of the first part, or of the one part."""
    assert store(server, data_set).status_code == 200
    answer = server.get(f"{path_of(data_set)}/frames/{frames}", accept=accept)
    assert answer.status_code == 200, answer.text
    if not answer.headers["content-type"].startswith("multipart"):
        return answer.headers["content-type"], answer.content
    part = parts_of(answer)[0]
    return part.headers["content-type"], part.body


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "",
        'multipart/related; type="*/*"',
        f"{OCTETS}; transfer-syntax=*",
        f'{OCTETS}; transfer-syntax="*"',
        "multipart/related; type=application/octet-stream; transfer-syntax=*",
        "application/octet-stream; transfer-syntax=*",
        f"{OCTETS}; transfer-syntax={PREFIX}80",
        'multipart/related; type="image/jls"',
        f'multipart/related; type="image/x-jls"; transfer-syntax={PREFIX}80',
        f'multipart/related; type="image/jls"; transfer-syntax="{PREFIX}80"; transfer-syntax="*"',
        f'multipart/related; type="image/jls"; transfer-syntax="{PREFIX}81"; transfer-syntax="*"',
        'multipart/related; type="image/*"',
    ],
)
def test_who_takes_the_stored_form_gets_its_bytes(server: InProcessClient, accept: str) -> None:
    data_set = new_instance(JPEG_LS)
    content_type, frame = frame_of(server, data_set, accept)
    assert frame == source_frames(data_set)[0]
    assert content_type.partition(";")[2] == f" transfer-syntax={PREFIX}80"


@pytest.mark.parametrize(
    ("accept", "media_type", "uid"),
    [
        # What Python's client sends with the media types of its guide.
        (f'multipart/related; type="image/jp2"; transfer-syntax={PREFIX}90', "image/jp2", f"{PREFIX}90"),
        (
            "multipart/related; type=image/jpx, multipart/related; type=image/jp2",
            "image/jp2",
            f"{PREFIX}90",
        ),
        (f'{OCTETS};q=0.5, multipart/related; type="image/jp2"', "image/jp2", f"{PREFIX}90"),
        (f'{OCTETS}, multipart/related; type="image/jp2";q=0.5', "application/octet-stream", LITTLE_ENDIAN),
        ('multipart/related; type="image/jphc";q=0.9, image/dicom-rle;q=1.0', "image/dicom-rle", RLE),
        ("image/x-dicom-rle", "image/dicom-rle", RLE),
        # The first of several transfer syntaxes goes before the others.
        (
            f"image/jphc; transfer-syntax={PREFIX}202; transfer-syntax={PREFIX}201",
            "image/jphc",
            f"{PREFIX}202",
        ),
        (f"image/jphc; transfer-syntax={PREFIX}203; transfer-syntax={PREFIX}201", "image/jphc", f"{PREFIX}201"),
        (f"image/jp2; transfer-syntax={PREFIX}91, {OCTETS}", "application/octet-stream", LITTLE_ENDIAN),
        # Invalid ranges are left out.
        (f"image, image/jphc; transfer-syntax={PREFIX}201; q=.2", "image/jphc", f"{PREFIX}201"),
    ],
)
@pytest.mark.parametrize("name", [NATIVE, JPEG_LS])
def test_the_best_of_what_is_asked_for_is_made(
    server: InProcessClient, name: str, accept: str, media_type: str, uid: str
) -> None:
    content_type, _ = frame_of(server, new_instance(name), accept)
    assert content_type == f"{media_type}; transfer-syntax={uid}"


@pytest.mark.parametrize(("name", "media_type"), [(NATIVE, "application/octet-stream"), (JPEG_LS, "image/jphc")])
def test_among_equals_what_is_stored_goes_before_what_is_made(
    server: InProcessClient, name: str, media_type: str
) -> None:
    content_type, _ = frame_of(server, new_instance(name), f'multipart/related; type="image/jphc", {OCTETS}')
    assert content_type.partition(";")[0] == media_type


def test_the_query_parameter_asks_too(server: InProcessClient) -> None:
    data_set = new_instance(NATIVE)
    assert store(server, data_set).status_code == 200
    answer = server.get(f"{path_of(data_set)}/frames/1?accept=image/jphc", accept="application/octet-stream")
    assert answer.headers["content-type"] == f"image/jphc; transfer-syntax={PREFIX}201"


def test_multipart_goes_to_who_asks_for_it_and_single_part_to_who_asks_for_that(server: InProcessClient) -> None:
    data_set = new_instance(NATIVE)
    assert store(server, data_set).status_code == 200
    path = f"{path_of(data_set)}/frames/1"
    for accept in (f'multipart/related; type="image/jphc"; transfer-syntax={PREFIX}201', "image/jphc"):
        answer = server.get(path, accept=accept)
        assert answer.headers["content-type"].startswith("multipart") == accept.startswith("multipart")


@pytest.mark.parametrize(
    "accept",
    [
        f"{OCTETS}; transfer-syntax={PREFIX}110",
        'multipart/related; type="image/jxl"',
        "image/jpeg",
        "image/png",
        f"image/jls; transfer-syntax={PREFIX}81",
        f"image/jp2; transfer-syntax={PREFIX}91",
        "image/jphc; transfer-syntax=1.2.3",
        f"image/jpeg; transfer-syntax={PREFIX}50",  # of 16 bits
        "image/jphc;q=0",
        "text/html",
    ],
)
def test_what_cannot_be_made_is_refused_with_what_can(server: InProcessClient, accept: str) -> None:
    data_set = new_instance(NATIVE)
    assert store(server, data_set).status_code == 200
    answer = server.get(f"{path_of(data_set)}/frames/1", accept=accept)
    assert_problem(answer, 406, "application/octet-stream", RLE, f"{PREFIX}80", f"{PREFIX}90", f"{PREFIX}202")
    assert f"{PREFIX}50" not in answer.json()["detail"]


def test_a_video_has_no_native_form(server: InProcessClient) -> None:
    data_set = new_instance(COLOR_MULTI_FRAME)
    stream = b"\0\0\0\1" + bytes(range(200))
    data_set.PixelData, data_set.file_meta.TransferSyntaxUID = encapsulate([stream]), MPEG4HP41
    assert store(server, data_set).status_code == 200
    path = path_of(data_set)
    for accept in (OCTETS, "image/jphc", f"application/octet-stream; transfer-syntax={LITTLE_ENDIAN}"):
        assert_problem(server.get(f"{path}/frames/1", accept=accept), 406, "video/mp4", MPEG4HP41)
    assert server.get(f"{path}/frames/1", accept="*/*").status_code == 200
    refused = server.get(path, accept=f"application/dicom; transfer-syntax={LITTLE_ENDIAN}")
    assert_problem(refused, 406, MPEG4HP41)
    assert server.get(path, accept="application/dicom").headers["content-type"].endswith(MPEG4HP41)


def test_a_plan_has_no_form_but_native_ones(server: InProcessClient) -> None:
    data_set = new_instance("rtplan.dcm")
    assert store(server, data_set).status_code == 200
    path = path_of(data_set)
    answer = server.get(path, accept=f"application/dicom; transfer-syntax={PREFIX}90")
    assert_problem(answer, 406, LITTLE_ENDIAN)
    assert f"{PREFIX}90" not in answer.json()["detail"]
    assert server.get(path, accept="application/dicom").headers["content-type"].endswith(LITTLE_ENDIAN)
    assert_problem(server.get(f"{path}/frames/1", accept=OCTETS), 404, "no frames")


def test_near_lossless_goes_out_as_stored_and_never_as_another_form_of_itself(server: InProcessClient) -> None:
    data_set = new_instance("SC_rgb_jls_lossy_line.dcm")
    assert data_set.file_meta.TransferSyntaxUID == JPEGLSNearLossless
    content_type, frame = frame_of(server, data_set, 'multipart/related; type="image/jls"')
    assert (content_type, frame) == (f"image/jls; transfer-syntax={PREFIX}81", source_frames(data_set)[0])


def test_frames_of_one_answer_are_all_of_one_kind(server: InProcessClient) -> None:
    data_set = new_instance(COLOR_MULTI_FRAME)
    assert store(server, data_set).status_code == 200
    stored = list(generate_frames(data_set.PixelData, number_of_frames=30))
    answer = server.get(f"{path_of(data_set)}/frames/30,1,2,2", accept='multipart/related; type="image/jpeg"')
    assert [part.body for part in parts_of(answer)] == [stored[29], stored[0], stored[1], stored[1]]
    answer = server.get(f"{path_of(data_set)}/frames/30,1,2,2", accept="application/octet-stream")
    assert_problem(answer, 406, 'type="application/octet-stream"')


@pytest.mark.parametrize("accept", ["image/jphc", "application/octet-stream", "image/jls"])
def test_answers_that_are_made_can_be_resumed_and_kept(server: InProcessClient, accept: str) -> None:
    data_set = new_instance(JPEG_2000)
    assert store(server, data_set).status_code == 200
    path = f"{path_of(data_set)}/frames/1"
    whole = server.get(path, accept=accept)
    tag, size = whole.headers["etag"], len(whole.content)
    assert int(whole.headers["content-length"]) == size
    kept = server.get(path, accept=accept, if_none_match=tag)
    assert (kept.status_code, kept.content) == (304, b"")
    cut = server.get(path, accept=accept, range="bytes=100-199", if_range=tag)
    assert (cut.status_code, cut.headers["content-range"]) == (206, f"bytes 100-199/{size}")
    assert cut.content == whole.content[100:200]
    assert server.get(path, accept=accept, range=f"bytes={size}-").status_code == 416
    assert server.get(path, accept=accept, range="bytes=0-1", if_range='"other"').status_code == 200
    head = server.request("HEAD", path, {"Accept": accept})
    assert (head.headers["etag"], head.headers["content-length"]) == (tag, str(size))
    assert server.get(path, accept="image/dicom-rle", if_none_match=tag).status_code == 200
