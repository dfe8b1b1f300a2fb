"""What browsers need of a server on another origin: rules 39 to 41 of the survey of clients, each by its number."""

import json
from collections.abc import Iterator

import pytest

from tests.clients.raw_http import get, send
from tests.examples import NATIVE, example
from tests.live_server import LiveServer, live_server

LOCAL_PAGE = "http://localhost:3000"
VIEWER = "https://viewer.example.org"

ERRORS = [
    ("GET", "/studies/1.2.3/metadata", {}, 404),
    ("GET", "/nothing-here", {}, 404),
    ("GET", "/studies?StudyDate=yesterday", {}, 400),
    ("GET", "/studies", {"Accept": "image/png"}, 406),
    ("PATCH", "/studies", {}, 405),
    ("POST", "/studies", {"Content-Type": "text/plain"}, 415),
]


@pytest.fixture(scope="module")
def viewer_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server that knows a viewer on another machine."""
    with live_server(tmp_path_factory.mktemp("viewer") / "data", FOVEA_CORS__ORIGINS=json.dumps([VIEWER])) as started:
        yield started


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["/studies", f"{example(NATIVE).url_path}/frames/1"])
def test_rule_39_a_preflight_is_answered_without_credentials(
    example_server: LiveServer, path: str, method: str
) -> None:
    asked = "authorization,accept,content-type,range"
    headers = {
        "Origin": LOCAL_PAGE,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": asked,
    }
    answer = send(example_server, "OPTIONS", path, headers)
    assert answer.status in {200, 204}
    assert answer.headers["access-control-allow-origin"] == LOCAL_PAGE
    assert set(_listed(answer.headers["access-control-allow-methods"])) >= {"get", "post", "delete", "options"}
    assert set(_listed(answer.headers["access-control-allow-headers"])) >= set(asked.split(","))


@pytest.mark.parametrize(("method", "path", "headers", "status"), ERRORS)
def test_rule_40_errors_carry_the_headers_for_browsers_too(
    example_server: LiveServer, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = send(example_server, method, path, {"Origin": LOCAL_PAGE, **headers})
    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == LOCAL_PAGE
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("path", ["/studies", example(NATIVE).url_path, f"{example(NATIVE).url_path}/frames/1"])
def test_rule_41_viewers_may_read_the_headers_they_need(example_server: LiveServer, path: str) -> None:
    answer = get(example_server, path, Origin=LOCAL_PAGE)
    exposed = set(_listed(answer.headers["access-control-expose-headers"]))
    assert exposed >= {"content-range", "content-type", "content-length", "content-location", "warning", "etag"}


def test_a_configured_origin_may_use_the_server(viewer_server: LiveServer) -> None:
    assert get(viewer_server, "/studies", Origin=VIEWER).headers["access-control-allow-origin"] == VIEWER


@pytest.mark.parametrize("origin", ["https://evil.example", "https://localhost.evil.example", "null"])
def test_a_page_from_elsewhere_may_not(viewer_server: LiveServer, origin: str) -> None:
    assert "access-control-allow-origin" not in get(viewer_server, "/studies", Origin=origin).headers


def test_answers_differ_by_origin_and_say_so_to_caches(viewer_server: LiveServer) -> None:
    assert "origin" in _listed(get(viewer_server, "/studies", Origin=VIEWER).headers["vary"])


def _listed(header: str) -> list[str]:
    return [name.strip().lower() for name in header.split(",")]
