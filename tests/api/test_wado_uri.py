"""The URI service (PS3.18 chapter 9)."""

from collections.abc import Iterator
from io import BytesIO
from urllib.parse import urlencode

import httpx
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from app.settings import Settings
from tests.api.access.guarded import OTHERS, OURS, Guarded, guarded
from tests.api.answers import assert_problem, store
from tests.api.in_process import InProcessClient, in_process
from tests.api.rendered.objects import (
    H264,
    document,
    image,
    instance,
    new_series,
    path,
    presentation_state,
    report,
    video,
)
from tests.api.rendered.pictures import BROWSER_IMAGE, picture, pixels, windowed
from tests.examples import COLOR_MULTI_FRAME, JPEG_LS, NATIVE, example, new_instance

LITTLE_ENDIAN, JPEG_LS_LOSSLESS = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.80"
RAMP = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
SERIES = new_series()
PICTURE = image(RAMP, **SERIES)
FRAMES = image(np.repeat(np.array([[10], [90], [170]], np.uint8), 8, axis=1).repeat(8, axis=0), frames=3)
STATE = presentation_state(PICTURE, center=100.5, width=101)
REPORT, DOCUMENT = report("Kein Befund: größer"), document(b"%PDF-1.4\n%%EOF\n")
STREAM = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(range(100))
VIDEO = video(STREAM)
PLAN, CT, LOSSLESS, LOSSY = (new_instance(name) for name in ("rtplan.dcm", NATIVE, JPEG_LS, COLOR_MULTI_FRAME))
RAW = instance("1.2.840.10008.5.1.4.1.1.66")
HELD = PICTURE, FRAMES, STATE, REPORT, DOCUMENT, VIDEO, PLAN, CT, LOSSLESS, LOSSY, RAW


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessClient]:
    with in_process(Settings(data=tmp_path_factory.mktemp("uri") / "data")) as client:
        assert store(client, *HELD).status_code == 200
        yield client


def url(data_set: Dataset, root: str = "", **parameters: object) -> str:
    named = {
        "requestType": "WADO",
        "studyUID": data_set.StudyInstanceUID,
        "seriesUID": data_set.SeriesInstanceUID,
        "objectUID": data_set.SOPInstanceUID,
    }
    return f"{root}/wado?{urlencode(named | parameters)}"


def ask(server: InProcessClient, data_set: Dataset, **parameters: object) -> httpx.Response:
    return server.get(url(data_set, **parameters))


@pytest.mark.parametrize("root", ["", "http://testserver"])
@pytest.mark.parametrize("accept", ["*/*", BROWSER_IMAGE, "image/jpeg"])
def test_an_image_without_a_content_type_is_a_jpeg_below_both_roots(
    server: InProcessClient, root: str, accept: str
) -> None:
    answer = server.get(url(CT, root), accept=accept)
    assert picture(answer.content).format == "JPEG"
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.content == server.get(f"{path(CT)}/rendered", accept="image/jpeg").content


@pytest.mark.parametrize("media_type", ["image/jpeg", "image/png", "image/gif", "image/jp2"])
def test_the_content_type_says_which_picture(server: InProcessClient, media_type: str) -> None:
    answer = ask(server, CT, contentType=media_type)
    assert answer.headers["content-type"] == media_type
    assert picture(answer.content).size == (128, 128)


@pytest.mark.parametrize(
    ("content_type", "chosen"),
    [
        ("image/png,image/jpeg", "image/png"),
        ("image/png;q=0.5, image/jpeg", "image/jpeg"),
        ("image/tiff, image/*", "image/jpeg"),
        ("image/jpeg, application/dicom;q=0.9", "image/jpeg"),
        ("application/dicom, image/jpeg;q=0.9", f"application/dicom; transfer-syntax={LITTLE_ENDIAN}"),
        ("", "image/jpeg"),
    ],
)
def test_of_a_list_the_best_is_given(server: InProcessClient, content_type: str, chosen: str) -> None:
    assert ask(server, CT, contentType=content_type).headers["content-type"] == chosen


def test_the_content_type_goes_before_the_accept_header(server: InProcessClient) -> None:
    answer = server.get(url(CT, contentType="image/png"), accept="image/jpeg")
    assert answer.headers["content-type"] == "image/png"


def test_dicomtrolley_gets_a_file_that_is_not_compressed(server: InProcessClient) -> None:
    """It sends this and reads the body with pydicom."""
    answer = server.get(url(LOSSLESS, contentType="application/dicom"), accept="*/*")
    assert answer.headers["content-type"] == f"application/dicom; transfer-syntax={LITTLE_ENDIAN}"
    data_set = pydicom.dcmread(BytesIO(answer.content))
    assert data_set.SOPInstanceUID == LOSSLESS.SOPInstanceUID
    assert np.array_equal(data_set.pixel_array, LOSSLESS.pixel_array)


@pytest.mark.parametrize("data_set", [LOSSLESS, LOSSY, CT, VIDEO], ids=["lossless", "lossy", "native", "video"])
def test_cornerstone_gets_the_stored_file(server: InProcessClient, data_set: Dataset) -> None:
    """Its wadouri loader, with the URL that OHIF makes."""
    answer = server.get(url(data_set, contentType="application/dicom", transferSyntax="*") + "&frame=1")
    stored = server.get(path(data_set), accept="application/dicom; transfer-syntax=*")
    assert answer.content == stored.content
    assert answer.headers["etag"] == stored.headers["etag"]
    assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize("uid", [LITTLE_ENDIAN, JPEG_LS_LOSSLESS, "1.2.840.10008.1.2.4.202"])
def test_the_transfer_syntax_is_that_which_is_asked_for(server: InProcessClient, uid: str) -> None:
    answer = ask(server, CT, contentType="application/dicom", transferSyntax=uid)
    assert answer.headers["content-type"] == f"application/dicom; transfer-syntax={uid}"
    data_set = pydicom.dcmread(BytesIO(answer.content))
    assert data_set.file_meta.TransferSyntaxUID == uid
    if uid != "1.2.840.10008.1.2.4.202":
        assert np.array_equal(data_set.pixel_array, CT.pixel_array)


@pytest.mark.parametrize("data_set", [PLAN, RAW], ids=["plan", "raw"])
@pytest.mark.parametrize("accept", ["*/*", BROWSER_IMAGE])
def test_what_cannot_be_rendered_is_given_as_it_is(server: InProcessClient, data_set: Dataset, accept: str) -> None:
    answer = server.get(url(data_set), accept=accept)
    assert answer.headers["content-type"] == f"application/dicom; transfer-syntax={LITTLE_ENDIAN}"
    assert answer.content == server.get(path(data_set), accept="application/dicom").content


def test_a_video_goes_out_as_it_is_stored(server: InProcessClient) -> None:
    for parameters in ({"contentType": "video/mp4"}, {}):
        answer = ask(server, VIDEO, **parameters)
        assert (answer.headers["content-type"], answer.content.rstrip(b"\0")) == ("video/mp4", STREAM.rstrip(b"\0"))
    assert_problem(ask(server, VIDEO, contentType="application/dicom", transferSyntax=LITTLE_ENDIAN), 406, H264)


def test_a_report_is_text_in_the_character_set_that_is_asked_for(server: InProcessClient) -> None:
    answer = ask(server, REPORT)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    plain = ask(server, REPORT, contentType="text/plain", charset="iso-8859-1")
    assert plain.headers["content-type"] == "text/plain; charset=iso-8859-1"
    assert "größer" in plain.content.decode("latin-1")


def test_a_document_is_what_it_holds(server: InProcessClient) -> None:
    answer = ask(server, DOCUMENT, contentType="application/pdf")
    assert (answer.headers["content-type"], answer.content) == ("application/pdf", b"%PDF-1.4\n%%EOF\n")


@pytest.mark.parametrize(("number", "level"), [(1, 10), (2, 90), (3, 170)])
def test_the_frame_number_counts_from_one(server: InProcessClient, number: int, level: int) -> None:
    levels = pixels(ask(server, FRAMES, contentType="image/png", frameNumber=number))
    assert levels.shape == (1, 8) or levels.shape[0] * 3 == FRAMES.Rows * 3
    assert np.abs(levels.astype(int) - level).max() <= 1


def test_a_frame_that_there_is_not_is_not_found(server: InProcessClient) -> None:
    assert_problem(ask(server, FRAMES, frameNumber=4), 404, "3 frames")


def test_several_frames_move_in_a_video(server: InProcessClient) -> None:
    answer = ask(server, FRAMES, contentType="video/mp4")
    assert (answer.headers["content-type"], answer.content[4:8]) == ("video/mp4", b"ftyp")


def test_several_frames_move_in_a_gif(server: InProcessClient) -> None:
    assert picture(ask(server, FRAMES, contentType="image/gif").content).n_frames == 3


@pytest.mark.parametrize(
    ("parameters", "size"),
    [
        ({"rows": 32}, (128, 32)),
        ({"columns": 64}, (64, 16)),
        ({"rows": 32, "columns": 64}, (64, 16)),
        ({"region": "0.5,0,1,0.5"}, (128, 32)),
        ({"region": "0.25,0.25,0.75,0.75", "columns": 32}, (32, 8)),
        ({"rows": 128}, (512, 128)),
    ],
)
def test_rows_columns_and_region_give_size_and_part(
    server: InProcessClient, parameters: dict[str, object], size: tuple[int, int]
) -> None:
    shown = picture(ask(server, PICTURE, contentType="image/png", **parameters).content)
    assert shown.size == size
    if "region" in parameters:
        left, _, right, _ = (float(edge) * 256 for edge in str(parameters["region"]).split(","))
        levels = np.asarray(shown)[0].astype(int)
        assert abs(levels[0] - left) <= 4
        assert abs(levels[-1] - (right - 1)) <= 4


def test_the_window_is_that_of_the_request(server: InProcessClient) -> None:
    levels = pixels(ask(server, CT, contentType="image/png", windowCenter="40.5", windowWidth="4e2"))
    assert np.abs(levels - windowed(example(NATIVE).data_set(), (40.5, 400))).max() <= 1


def test_quality_and_annotation_change_the_picture(server: InProcessClient) -> None:
    plain = ask(server, CT, imageQuality=95)
    assert len(ask(server, CT, imageQuality=10).content) < len(plain.content)
    for name in ("annotation", "imageAnnotation"):
        annotated = pixels(ask(server, CT, contentType="image/png", **{name: "patient,technique"}))
        assert not np.array_equal(annotated, pixels(ask(server, CT, contentType="image/png")))


def test_a_presentation_state_shows_the_image(server: InProcessClient) -> None:
    state = {"presentationSeriesUID": STATE.SeriesInstanceUID, "presentationUID": STATE.SOPInstanceUID}
    expected = [int(min(max(value - 50, 0), 100) / 100 * 255 + 0.5) for value in range(256)]
    for answer in (ask(server, PICTURE, contentType="image/png", **state), ask(server, STATE, contentType="image/png")):
        assert np.abs(pixels(answer)[0].astype(int) - expected).max() <= 1
    refused = ask(server, PICTURE, **{**state, "presentationUID": "1.2.3"})
    assert_problem(refused, 404, "1.2.3")
    other = {"presentationSeriesUID": PICTURE.SeriesInstanceUID, "presentationUID": PICTURE.SOPInstanceUID}
    assert_problem(ask(server, PICTURE, **other), 400, "presentationUID")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("requestType", "wado-rs"),
        ("requestType", ""),
        ("studyUID", ""),
        ("studyUID", "../etc"),
        ("seriesUID", "1.a"),
        ("objectUID", "1." * 40),
        ("objectUID", "*"),
        ("contentType", "jpeg"),
        ("contentType", "image/jpeg,;"),
        ("transferSyntax", "explicit"),
        ("charset", "klingon"),
        ("frameNumber", "0"),
        ("frameNumber", "1.0"),
        ("frameNumber", "1,2"),
        ("frameNumber", "9" * 30),
        ("imageQuality", "0"),
        ("imageQuality", "101"),
        ("rows", "0"),
        ("rows", "-5"),
        ("columns", "1e3"),
        ("columns", "99999"),
        ("region", "0,0,1"),
        ("region", "0,0,1,1,1"),
        ("region", "0,0,2,1"),
        ("region", "0.5,0,0.5,1"),
        ("region", "nan,0,1,1"),
        ("region", "a,b,c,d"),
        ("windowCenter", "40"),
        ("windowWidth", "400"),
        ("annotation", "everything"),
        ("presentationUID", "1.2"),
        ("presentationSeriesUID", "x"),
        ("anonymize", "yes"),
        ("anonymize", "no"),
    ],
)
@pytest.mark.parametrize("content_type", [{}, {"contentType": "application/dicom"}])
def test_a_malformed_value_is_refused_by_name(
    server: InProcessClient, name: str, value: str, content_type: dict[str, str]
) -> None:
    answer = ask(server, CT, **(content_type | {name: value}))
    assert_problem(answer, 400)
    other = {"windowCenter": "windowWidth", "windowWidth": "windowCenter", "presentationUID": "presentationSeriesUID"}
    assert other.get(name, name) in answer.json()["detail"]


@pytest.mark.parametrize(
    "parameters",
    [
        {"windowCenter": "x", "windowWidth": "400"},
        {"windowCenter": "40", "windowWidth": "0"},
        {"windowCenter": "1" * 400, "windowWidth": "400"},
        {"windowCenter": "40", "windowWidth": "400", "presentationUID": "1.2", "presentationSeriesUID": "1.3"},
        {"region": "0,0,1,1", "presentationUID": "1.2", "presentationSeriesUID": "1.3"},
    ],
)
def test_values_that_do_not_go_together_are_refused(server: InProcessClient, parameters: dict[str, str]) -> None:
    assert_problem(ask(server, CT, **parameters), 400)


@pytest.mark.parametrize("name", ["requestType", "studyUID", "seriesUID", "objectUID"])
def test_what_is_required_must_be_there(server: InProcessClient, name: str) -> None:
    pieces = [piece for piece in url(CT).partition("?")[2].split("&") if not piece.startswith(name)]
    assert_problem(server.get(f"/wado?{'&'.join(pieces)}"), 400, name)


def test_parameters_that_nobody_knows_are_ignored(server: InProcessClient) -> None:
    assert ask(server, CT, viewport="what", _="17").headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("data_set", "content_type"),
    [(CT, "text/html"), (CT, "video/mp4"), (CT, "audio/basic"), (PLAN, "image/jpeg"), (DOCUMENT, "image/jpeg")],
    ids=["CT-text", "CT-video", "CT-audio", "plan-image", "document-image"],
)
def test_what_there_is_not_is_refused_with_what_there_is(
    server: InProcessClient, data_set: Dataset, content_type: str
) -> None:
    assert_problem(ask(server, data_set, contentType=content_type), 406, "application/dicom")


def test_multipart_is_nothing_that_this_service_gives(server: InProcessClient) -> None:
    answer = server.get(url(CT), accept='multipart/related; type="image/jpeg"')
    assert_problem(answer, 406, "image/jpeg")


@pytest.mark.parametrize("name", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"])
@pytest.mark.parametrize("content_type", ["image/jpeg", "application/dicom"])
def test_an_instance_is_found_by_all_three_uids_only(server: InProcessClient, name: str, content_type: str) -> None:
    other = Dataset()
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        setattr(other, keyword, getattr(CT, keyword))
    setattr(other, name, getattr(FRAMES, name))
    assert_problem(ask(server, other, contentType=content_type), 404)


@pytest.mark.parametrize("content_type", ["image/jpeg", "application/dicom"])
def test_answers_can_be_kept_and_resumed(server: InProcessClient, content_type: str) -> None:
    asked = url(CT, contentType=content_type)
    whole = server.get(asked)
    tag = whole.headers["etag"]
    assert server.get(asked, if_none_match=tag).status_code == 304
    cut = server.get(asked, range="bytes=10-19", if_range=tag)
    assert (cut.status_code, cut.content) == (206, whole.content[10:20])
    head = server.request("HEAD", asked)
    assert (head.content, head.headers["etag"]) == (b"", tag)
    assert "accept" in whole.headers["vary"].lower()
    assert whole.headers["content-location"].startswith("http://testserver/dicom-web/")
    assert server.get(url(CT, contentType="image/png"), if_none_match=tag).status_code == 200


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded(tmp_path_factory.mktemp("guarded") / "data") as started:
        yield started


@pytest.mark.parametrize("content_type", ["image/jpeg", "application/dicom", ""])
def test_a_share_token_opens_its_own_study_only(asking: Guarded, content_type: str) -> None:
    ours, others = (each.data_set() for each in (OURS, OTHERS))
    for root in ("", "http://testserver"):
        asked = url(ours, root, contentType=content_type)
        assert asking.ask("GET", asked, asking.share).status_code == 200
        assert_problem(asking.ask("GET", asked), 401)
        assert_problem(asking.ask("GET", url(others, root), asking.share), 404)
        both = f"{asked}&studyUID={others.StudyInstanceUID}"
        assert_problem(asking.ask("GET", both, asking.share), 404)
        twice = url(others, root, contentType=content_type) + f"&studyUID={ours.StudyInstanceUID}"
        assert_problem(asking.ask("GET", twice, asking.share), 404)


def test_another_study_is_not_reached_by_the_uids_of_its_instance(asking: Guarded) -> None:
    others = OTHERS.data_set()
    others.StudyInstanceUID = OURS.study
    for content_type in ("image/jpeg", "application/dicom"):
        assert_problem(asking.ask("GET", url(others, contentType=content_type), asking.share), 404)
