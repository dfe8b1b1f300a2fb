"""Every error leaves as problem details (RFC 9457), which say what a client can act on and nothing of the inside."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.routes import search
from app.settings import Settings
from storage.errors import StorageFull, StorageUnavailable
from tests.api.answers import assert_problem
from tests.api.in_process import InProcessClient, in_process
from tests.examples import NATIVE, example

SECRET = "row 17 of /srv/patients/index.sqlite"


@pytest.fixture
def failing(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[InProcessClient]:
    """A server whose searches raise the exception that the test names."""

    async def fail(*_: object, **__: object) -> list[bytes]:
        raise request.param

    monkeypatch.setattr(search, "search", fail)
    with in_process(Settings(data=data_folder)) as client:
        yield client


@pytest.mark.parametrize("path", ["/nothing", "/studies/1.2/nothing", "/studies/1.2/series/1.3/instances/1.4/nothing"])
def test_an_unknown_path_is_404(client: InProcessClient, path: str) -> None:
    assert_problem(client.get(path), 404)


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
def test_a_method_that_a_resource_does_not_know_is_405_with_those_it_knows(
    client: InProcessClient, method: str
) -> None:
    answer = client.request(method, "/studies")
    assert_problem(answer, 405)
    assert {"GET", "POST"} <= {each.strip() for each in answer.headers["allow"].split(",")}


@pytest.mark.parametrize("failing", [RuntimeError(SECRET)], indirect=True)
def test_a_fault_is_500_that_says_nothing_of_what_happened_inside(
    failing: InProcessClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = failing.get("/studies", origin="http://localhost:3000")
    assert_problem(answer, 500)
    assert SECRET not in answer.text
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
    # The log has what the answer has not, under the same id.
    assert SECRET in caplog.text
    assert answer.json()["request_id"] in caplog.text


@pytest.mark.parametrize("failing", [StorageUnavailable("the index does not answer")], indirect=True)
def test_a_storage_that_does_not_answer_is_503_with_a_time_to_try_again(failing: InProcessClient) -> None:
    answer = failing.get("/studies")
    assert_problem(answer, 503)
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("failing", [StorageFull("the disk is full")], indirect=True)
def test_a_full_storage_is_507(failing: InProcessClient) -> None:
    assert_problem(failing.get("/studies"), 507)


@pytest.mark.parametrize(
    ("below", "accept", "offered"),
    [
        ("", "image/png", {"application/zip", 'multipart/related; type="application/dicom"; transfer-syntax='}),
        ("/metadata", "text/csv", {"application/dicom+json", 'multipart/related; type="application/dicom+xml"'}),
        ("/frames/1", "image/x-none", {"image/jphc; transfer-syntax=1.2.840.10008.1.2.4.201"}),
        ("/bulkdata/7FE00010", "image/png", {"application/octet-stream"}),
        ("/rendered", "text/csv", {"image/jpeg", "image/png"}),
    ],
)
def test_a_406_lists_what_is_offered_and_says_that_it_depends_on_accept(
    archive: InProcessClient, below: str, accept: str, offered: set[str]
) -> None:
    """RFC 9110 12.5.5, 15.5.7; PS3.18 8.7.8."""
    answer = archive.get(f"{example(NATIVE).url_path}{below}", accept=accept)
    assert_problem(answer, 406)
    listed = answer.json()["offered"]
    for media_type in offered:
        assert any(each.startswith(media_type) for each in listed)
    assert "Accept" in re.split(r", *", answer.headers["vary"])
    for media_type in listed:
        assert archive.get(f"{example(NATIVE).url_path}{below}", accept=media_type).status_code == 200


def test_errors_are_not_kept_and_what_one_may_not_see_depends_on_who_asks(archive: InProcessClient) -> None:
    answer = archive.get("/studies/1.2.3")
    assert_problem(answer, 404)
    assert answer.headers["cache-control"] == "no-store"
    assert "Authorization" in answer.headers["vary"]


def test_ids_of_requests_differ(client: InProcessClient) -> None:
    ids = {client.get("/nothing").json()["request_id"] for _ in range(3)}
    assert len(ids) == 3


def test_the_log_holds_no_search_keys(client: InProcessClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        client.get("/studies?PatientName=Doe^Archibald")
        client.get("/studies?PatientBirthDate=Doe^Archibald")
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("httpx")]
    assert any("GET /dicom-web/studies" in message for message in ours)
    assert not any("Archibald" in message for message in ours)


def test_there_is_a_page_for_people_at_the_servers_root(client: InProcessClient) -> None:
    answer = client.get("http://testserver/")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_health_is_answered_without_the_dicomweb_root(client: InProcessClient) -> None:
    assert client.get("http://testserver/health").status_code == 200
