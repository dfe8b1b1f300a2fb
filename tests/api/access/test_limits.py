"""What a request may ask of the server itself: long heads, slow bodies, too much at once; and its health."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.middleware.crowding import TooCrowded, Turnstile
from app.settings import LimitsSettings, Settings
from storage.blobs.local import LocalBlobStore
from storage.blobs.object_store import ObjectBlobStore
from storage.errors import StorageUnavailable
from tests.api.access.guarded import OURS, Guarded
from tests.api.answers import assert_problem, store
from tests.api.in_process import InProcessClient, PlannedRequest, in_process
from tests.examples import new_instance
from tests.multipart_requests import CONTENT_TYPE


def test_a_body_that_stops_coming_is_not_waited_for(tmp_path: Path) -> None:
    async def stalling() -> AsyncIterator[bytes]:
        yield b"--B\r\nContent-Type: application/dicom\r\n\r\n"
        await asyncio.sleep(30)

    with in_process(Settings(data=tmp_path / "data", limits=LimitsSettings(body_seconds=0.2))) as client:
        headers = {"Content-Type": CONTENT_TYPE, "Transfer-Encoding": "chunked"}
        answer = client.post("/studies", stalling(), headers)
        assert_problem(answer, 408, "0.2 seconds")
        assert answer.headers["connection"] == "close"
        assert store(client, new_instance()).status_code == 200


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [("/studies?PatientName=" + "x" * 500, {}, 414), ("/studies", {"X-Long": "x" * 500}, 431)],
)
def test_a_head_beyond_its_limit_is_refused(tmp_path: Path, path: str, headers: dict[str, str], status: int) -> None:
    limits = LimitsSettings(url_bytes=400, header_bytes=400)
    with in_process(Settings(data=tmp_path / "data", limits=limits)) as client:
        assert_problem(client.request("GET", path, headers), status, "400 bytes")


def test_a_url_with_four_hundred_frames_is_none_too_long(server: Guarded) -> None:
    frames = ",".join(["1"] * 400)
    assert server.ask("GET", f"{OURS.url_path}/frames/{frames}", server.admin).status_code == 200


def test_pictures_take_turns(tmp_path: Path) -> None:
    limits = LimitsSettings(heavy_requests=1, heavy_wait_seconds=30)
    with in_process(Settings(data=tmp_path / "data", limits=limits)) as client:
        held = new_instance()
        store(client, held)
        path = f"/studies/{held.StudyInstanceUID}/rendered"
        requests = [PlannedRequest("GET", f"{path}?window={number},400,linear") for number in range(5)]
        assert {answer.status_code for answer in client.together(requests)} == {200}


async def test_who_waits_too_long_for_a_turn_is_told_so() -> None:
    turnstile = Turnstile(LimitsSettings(heavy_requests=1, heavy_wait_seconds=0))
    await turnstile.take_place()
    with pytest.raises(TooCrowded):
        await turnstile.take_place()
    turnstile.leave_place()
    await turnstile.take_place()


def test_a_server_is_ready_while_its_stores_answer(client: InProcessClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("http://testserver/ready").json() == {"status": "ready"}

    def fail(_: object) -> None:
        raise StorageUnavailable("the disk is gone")

    for store_in_use in (LocalBlobStore, ObjectBlobStore):
        monkeypatch.setattr(store_in_use, "stage", fail)
    answer = client.get("http://testserver/ready")
    assert_problem(answer, 503, "the disk is gone")
    assert answer.headers["retry-after"]
    assert client.get("http://testserver/health").status_code == 200


@pytest.mark.parametrize(("path", "own"), [("/", True), ("/docs", False)])
def test_a_page_is_kept_apart_from_others(client: InProcessClient, path: str, own: bool) -> None:
    answer = client.get(f"http://testserver{path}")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors" in policy
    assert ("https:" not in policy) is own
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["http://testserver/", "/studies", "/nothing"])
def test_no_answer_is_taken_for_another_type_than_it_says(client: InProcessClient, path: str) -> None:
    assert client.get(path).headers["x-content-type-options"] == "nosniff"
