"""A codec that crashes or hangs takes neither the server nor other requests with it."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from threading import Event

import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames

from tests.clients.raw_http import RawAnswer, get, send
from tests.deadly_server import CRASH, HANG
from tests.examples import JPEG_LS, new_instance, part10
from tests.live_server import LiveServer, start_server
from tests.multipart_requests import CONTENT_TYPE, store_body

PROGRAM = (sys.executable, str(Path(__file__).with_name("deadly_server.py")))
PAUSE_SECONDS = 0.02
"""Between two requests of a client that asks for something else: what else runs here has its part of the machine."""

NATIVE = 'multipart/related; type="application/octet-stream"'
STORED = 'multipart/related; type="image/jls"; transfer-syntax=*'


@contextmanager
def server_with_deadly_codec(data: Path, workers: int) -> Iterator[LiveServer]:
    server = start_server(data, program=PROGRAM, workers=workers, FOVEA_LIMITS__CODEC_SECONDS="3")
    try:
        yield server
        assert server.stop() == 0
    finally:
        if server.process.poll() is None:
            server.kill()


def with_comment(comment: bytes) -> Dataset:
    """An image whose codestream begins with a comment (T.81 B.2.4.5)."""
    instance = new_instance(JPEG_LS)
    [codestream] = generate_frames(instance.PixelData, number_of_frames=1)
    segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
    instance.PixelData = encapsulate([codestream[:2] + segment + codestream[2:]])
    return instance


def path_of(instance: Dataset) -> str:
    return (
        f"/studies/{instance.StudyInstanceUID}/series/{instance.SeriesInstanceUID}/instances/{instance.SOPInstanceUID}"
    )


def store(server: LiveServer, instance: Dataset) -> None:
    answer = send(server, "POST", "/studies", {"Content-Type": CONTENT_TYPE}, store_body([part10(instance)]))
    assert answer.status == 200


def rendered(server: LiveServer, instance: Dataset, quality: int) -> RawAnswer:
    return get(server, f"{path_of(instance)}/rendered?quality={quality}", Accept="image/jpeg")


def native_frame(server: LiveServer, instance: Dataset) -> RawAnswer:
    return get(server, f"{path_of(instance)}/frames/1", Accept=NATIVE)


def answer_of(request: Callable[[], RawAnswer], attempts: int) -> RawAnswer:
    """The answer, for which the request is sent again on a new connection when one breaks, or takes too long."""
    for _ in range(attempts - 1):
        try:
            return request()
        except (HTTPException, OSError):
            continue
    return request()


def render_all_the_time(server: LiveServer, instance: Dataset, stop: Event) -> int:
    """How often an image could be rendered; each picture is another one, and none needed more than one repetition."""
    count = 0
    while not stop.wait(PAUSE_SECONDS):
        quality = count % 100 + 1
        assert answer_of(lambda quality=quality: rendered(server, instance, quality), 2).status == 200  # type: ignore[misc]
        count += 1
    return count


@contextmanager
def load(server: LiveServer, instance: Dataset) -> Iterator[list[Future[int]]]:
    """Two clients that go on asking for something else."""
    stop = Event()
    with ThreadPoolExecutor(2) as clients:
        counts = [clients.submit(render_all_the_time, server, instance, stop) for _ in range(2)]
        try:
            yield counts
        finally:
            stop.set()
    assert all(count.result() > 0 for count in counts)


@pytest.fixture(scope="module", params=[1, 2])
def server(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[LiveServer]:
    """With so many processes; each test has images of its own."""
    with server_with_deadly_codec(tmp_path_factory.mktemp("deadly") / "data", request.param) as started:
        yield started


def lines_about(server: LiveServer, instance: Dataset, words: str) -> list[str]:
    lines = server.log.read_text().splitlines()
    return [line for line in lines if words in line and path_of(instance).removeprefix("/") in line]


def test_pixels_on_which_a_codec_crashes_are_refused_and_others_decoded(server: LiveServer) -> None:
    good, bad = new_instance(JPEG_LS), with_comment(CRASH)
    store(server, good)
    store(server, bad)
    with load(server, good):
        # It may bring down each process once, if it is asked for again before the crash is known.
        answer = answer_of(lambda: native_frame(server, bad), server.workers + 1)
        for refused in (answer, rendered(server, bad, 90)):
            assert refused.status == 406
            assert "Segmentation fault" in refused.json()["detail"]
        assert get(server, f"{path_of(bad)}/frames/1", Accept=STORED).status == 200
    assert len(lines_about(server, bad, "a server process ended while a codec worked")) == 1
    assert len(lines_about(server, bad, "no codec will work")) == 1
    assert rendered(server, good, 90).status == 200


def test_pixels_with_which_a_codec_does_not_end_are_refused_and_others_decoded(server: LiveServer) -> None:
    good, bad = new_instance(JPEG_LS), with_comment(HANG)
    store(server, good)
    store(server, bad)
    with load(server, good):
        answer = native_frame(server, bad)
        assert answer.status == 406
        assert "takes longer than 3 seconds" in answer.json()["detail"]
        assert answer_of(lambda: native_frame(server, bad), 2).status == 406
    assert len(lines_about(server, bad, "a codec does not end")) == 1
    assert rendered(server, good, 90).status == 200
