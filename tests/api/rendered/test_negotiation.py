"""In which media type a rendered resource comes (PS3.18 8.7.4, 8.7.5)."""

import pytest

from tests.api.answers import assert_problem
from tests.api.in_process import InProcessClient
from tests.api.rendered.pictures import BROWSER_IMAGE, BROWSER_PAGE, VIEWER_BULK_DATA, picture
from tests.examples import COLOR_MULTI_FRAME, NATIVE, example
from tests.multipart_answers import boundary_of, split_parts

CT = example(NATIVE).url_path
FRAME = f"{CT}/frames/1/rendered"
RESOURCES = [f"{CT}/rendered", f"{CT}/thumbnail", FRAME, f"{CT}/frames/1/thumbnail"]


@pytest.mark.parametrize("path", RESOURCES)
@pytest.mark.parametrize(
    "accept", ["*/*", "image/*", "image/jpeg", BROWSER_IMAGE, BROWSER_PAGE, "image/jpeg, image/webp", "nonsense"]
)
def test_jpeg_is_the_default_also_for_browsers(shown: InProcessClient, path: str, accept: str) -> None:
    answer = shown.get(path, accept=accept)
    assert answer.headers["content-type"] == "image/jpeg"
    assert picture(answer.content).format == "JPEG"


@pytest.mark.parametrize("path", RESOURCES)
def test_a_client_without_wishes_gets_jpeg(shown: InProcessClient, path: str) -> None:
    answer = shown.request("GET", path, {"Accept": ""})
    assert answer.headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize("path", RESOURCES)
def test_viewers_that_ask_as_for_bulk_data_get_a_jpeg(shown: InProcessClient, path: str) -> None:
    answer = shown.get(path, accept=VIEWER_BULK_DATA)
    [part] = split_parts(answer.content, boundary_of(answer.headers["content-type"]))
    assert part.headers["content-type"] == "image/jpeg"
    assert part.body == shown.get(path).content


def test_the_clients_order_decides_between_equals(shown: InProcessClient) -> None:
    assert shown.get(FRAME, accept="image/png, image/jpeg").headers["content-type"] == "image/png"
    assert shown.get(FRAME, accept="image/png;q=0.5, image/gif").headers["content-type"] == "image/gif"


@pytest.mark.parametrize("accept", ["image/webp", "image/webp;q=0.2", "image/jpeg;q=0.5, image/webp;q=0.9"])
def test_webp_is_for_who_takes_nothing_else_or_weighs_it_against_jpeg(shown: InProcessClient, accept: str) -> None:
    assert shown.get(FRAME, accept=accept).headers["content-type"] == "image/webp"


def test_the_query_parameter_comes_before_the_header(shown: InProcessClient) -> None:
    answer = shown.get(f"{FRAME}?accept=image/png", accept="image/jpeg")
    assert answer.headers["content-type"] == "image/png"


@pytest.mark.parametrize("path", RESOURCES)
@pytest.mark.parametrize("accept", ["text/html", "video/mp4", "application/dicom"])
def test_what_cannot_be_made_is_refused_with_what_can(shown: InProcessClient, path: str, accept: str) -> None:
    assert_problem(shown.get(path, accept=accept), 406, "image/jpeg", "image/png")


def test_several_frames_are_parts_where_parts_are_taken(shown: InProcessClient) -> None:
    source = example(COLOR_MULTI_FRAME)
    path = f"{source.url_path}/frames/3,1/rendered"
    for accept, media_type in (("*/*", "image/jpeg"), ('multipart/related; type="image/png"', "image/png")):
        answer = shown.get(path, accept=accept)
        parts = split_parts(answer.content, boundary_of(answer.headers["content-type"]))
        urls = [part.headers["content-location"] for part in parts]
        assert [url.partition("/frames/")[2] for url in urls] == ["3/rendered", "1/rendered"]
        for part, frame in zip(parts, (3, 1), strict=True):
            assert part.headers["content-type"] == media_type
            assert part.body == shown.get(f"{source.url_path}/frames/{frame}/rendered", accept=media_type).content


def test_of_several_frames_the_first_goes_to_who_takes_one(shown: InProcessClient) -> None:
    path = f"{example(COLOR_MULTI_FRAME).url_path}/frames"
    answer = shown.get(f"{path}/3,1/rendered", accept="image/jpeg")
    assert answer.content == shown.get(f"{path}/3/rendered", accept="image/jpeg").content


@pytest.mark.parametrize(("frames", "status"), [("0", 400), ("1,,2", 400), ("x", 400), ("-1", 400), ("2", 404)])
@pytest.mark.parametrize("resource", ["rendered", "thumbnail"])
def test_frames_that_there_are_not(shown: InProcessClient, frames: str, status: int, resource: str) -> None:
    assert_problem(shown.get(f"{CT}/frames/{frames}/{resource}"), status)


@pytest.mark.parametrize("resource", ["rendered", "thumbnail"])
@pytest.mark.parametrize("path", [CT, CT.partition("/instances")[0], CT.partition("/series")[0]])
def test_what_is_not_stored_is_not_found(shown: InProcessClient, path: str, resource: str) -> None:
    assert_problem(shown.get(f"{path}9/{resource}"), 404)


def test_the_head_of_an_answer_is_that_of_the_whole(shown: InProcessClient) -> None:
    whole, head = shown.get(FRAME), shown.request("HEAD", FRAME)
    assert head.content == b""
    for name in ("content-type", "content-length", "etag", "cache-control"):
        assert head.headers[name] == whole.headers[name]
