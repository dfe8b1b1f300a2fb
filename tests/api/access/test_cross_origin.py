"""Web pages on other origins: who may read what, by the headers that browsers go by (Fetch standard, 3.2)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.access.scopes import AccessScope
from app.settings import AuthSettings, CorsSettings, Settings
from tests.api.access.guarded import OURS, Guarded
from tests.api.in_process import InProcessClient, in_process

pytestmark = pytest.mark.archive_in_folder("heads of requests are read before any store is")

VIEWER = "https://viewer.example"
LOCAL = "http://localhost:3000"
ORIGIN = "access-control-allow-origin"


@pytest.fixture
def open_client(data_folder: Path) -> Iterator[InProcessClient]:
    with in_process(Settings(data=data_folder)) as client:
        yield client


@pytest.mark.parametrize("origin", [VIEWER, LOCAL, "null"])
def test_where_everybody_logs_in_any_page_may_ask(server: Guarded, origin: str) -> None:
    answer = server.ask("GET", f"{OURS.url_path}/frames/1", server.admin, origin=origin)
    assert answer.status_code == 200
    assert answer.headers[ORIGIN] == origin
    assert answer.headers["timing-allow-origin"] == origin
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(("origin", "allowed"), [(VIEWER, False), ("null", False), (LOCAL, True)])
def test_where_nobody_logs_in_pages_of_this_machine_alone_may(
    open_client: InProcessClient, origin: str, allowed: bool
) -> None:
    answer = open_client.get("/studies", origin=origin)
    assert (answer.headers.get(ORIGIN) == origin) is allowed
    assert ("timing-allow-origin" in answer.headers) is allowed
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    "origin", ["http://localhost.evil.example", "http://127.0.0.1.evil.example", "https://evil.localhost:1"]
)
def test_a_name_that_looks_like_this_machine_is_not(open_client: InProcessClient, origin: str) -> None:
    assert ORIGIN not in open_client.get("/studies", origin=origin).headers


@pytest.mark.parametrize("anonymous", [[AccessScope.READ]])
def test_where_some_need_not_log_in_pages_from_elsewhere_are_named(
    data_folder: Path, anonymous: list[AccessScope]
) -> None:
    auth = AuthSettings(anonymous=anonymous)
    with in_process(Settings(data=data_folder, auth=auth)) as client:
        assert ORIGIN not in client.get("/studies", origin=VIEWER).headers
    with in_process(Settings(data=data_folder, auth=auth, cors=CorsSettings(origins=["*"]))) as client:
        assert client.get("/studies", origin=VIEWER).headers[ORIGIN] == VIEWER


@pytest.mark.parametrize("path", ["/studies", "/nothing/here", "http://testserver/nothing"])
def test_a_preflight_needs_no_credentials_for_any_path(server: Guarded, path: str) -> None:
    answer = server.ask(
        "OPTIONS",
        path,
        origin=VIEWER,
        access_control_request_method="GET",
        access_control_request_headers="authorization,range",
    )
    assert answer.status_code == 204
    assert answer.headers[ORIGIN] == VIEWER
    assert int(answer.headers["access-control-max-age"]) >= 600
    assert {"GET", "POST", "DELETE", "OPTIONS"} <= _listed(answer.headers["access-control-allow-methods"])
    headers = {"Authorization", "Accept", "Content-Type", "Range", "If-None-Match"}
    assert headers <= _listed(answer.headers["access-control-allow-headers"])


def test_a_preflight_of_a_page_that_may_not_allows_nothing(open_client: InProcessClient) -> None:
    answer = open_client.request("OPTIONS", "/studies", {"Origin": VIEWER, "Access-Control-Request-Method": "GET"})
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/studies", 401), ("GET", "/nothing", 404), ("PATCH", "/studies", 405), ("GET", "/studies/1.2", 401)],
)
def test_errors_can_be_read_by_the_page(server: Guarded, method: str, path: str, status: int) -> None:
    answer = server.ask(method, path, origin=VIEWER)
    assert answer.status_code == status
    assert answer.headers[ORIGIN] == VIEWER
    assert "WWW-Authenticate" in _listed(answer.headers["access-control-expose-headers"])


def test_credentials_of_the_browser_are_never_asked_for(server: Guarded) -> None:
    preflight = {"access_control_request_method": "GET"}
    for answer in (
        server.ask("GET", "/studies", origin=VIEWER),
        server.ask("OPTIONS", "/", origin=VIEWER, **preflight),
    ):
        assert "access-control-allow-credentials" not in answer.headers


def test_settings_say_which_pages_which_methods_and_which_headers(data_folder: Path) -> None:
    cors = CorsSettings(
        origins=[VIEWER], methods=["GET"], request_headers=["X-A"], exposed_headers=["X-B"], preflight_seconds=7
    )
    with in_process(Settings(data=data_folder, cors=cors)) as client:
        preflight = client.request("OPTIONS", "/", {"Origin": VIEWER, "Access-Control-Request-Method": "GET"})
        assert preflight.headers["access-control-allow-methods"] == "GET"
        assert preflight.headers["access-control-allow-headers"] == "X-A"
        assert preflight.headers["access-control-max-age"] == "7"
        assert client.get("/studies", origin=VIEWER).headers["access-control-expose-headers"] == "X-B"
        assert ORIGIN not in client.get("/studies", origin="https://another.example").headers


def test_named_pages_are_the_only_ones_although_everybody_logs_in(data_folder: Path) -> None:
    auth = AuthSettings(users=["a:$2b$04$x"])
    with in_process(Settings(data=data_folder, auth=auth, cors=CorsSettings(origins=[VIEWER]))) as client:
        assert client.get("/studies", origin=VIEWER).headers[ORIGIN] == VIEWER
        assert ORIGIN not in client.get("/studies", origin="https://another.example").headers


def _listed(header: str) -> set[str]:
    return {name.strip() for name in header.split(",")}
