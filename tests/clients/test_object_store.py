"""A server that keeps its bytes on a real S3 server: everything works, and an outage loses nothing."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from tests.clients.raw_http import RawAnswer, get, post_pieces, send
from tests.clients.test_memory import (
    BOUND,
    CLOSE,
    MEGABYTE,
    PART_HEAD,
    digest_of,
    large_instance,
    read_all,
    small_instances,
)
from tests.examples import COLOR_MULTI_FRAME, new_instance, part10
from tests.live_server import LiveServer, live_server
from tests.multipart_requests import CONTENT_TYPE, store_body
from tests.server_memory import measured_growth
from tests.source_frames import source_frames
from tests.swift_server import SwiftServer

LARGE_INSTANCE_BYTES = 200 * MEGABYTE
CLIENTS = 2
INSTANCES = 12
RETRIES = 30


@pytest.fixture
def settings(swift: SwiftServer) -> dict[str, str]:
    """The environment of a server with a bucket of its own."""
    return {"FOVEA_STORAGE__URL": f"s3://{swift.new_bucket()}/archive", **swift.environment}


@pytest.fixture
def server(data_folder: Path, settings: dict[str, str]) -> Iterator[LiveServer]:
    with live_server(data_folder, **settings) as started:
        yield started
        started.assert_without_fault()


def store(server: LiveServer, *instances: Dataset) -> RawAnswer:
    body = store_body(part10(instance) for instance in instances)
    return send(server, "POST", "/studies", {"Content-Type": CONTENT_TYPE}, body)


def path_of(instance: Dataset) -> str:
    uids = instance.StudyInstanceUID, instance.SeriesInstanceUID, instance.SOPInstanceUID
    return "/studies/{}/series/{}/instances/{}".format(*uids)


def assert_holds(server: LiveServer, instance: Dataset) -> None:
    answer = get(server, path_of(instance), Accept="application/dicom; transfer-syntax=*")
    assert answer.status == 200
    assert answer.body == part10(instance)


def test_instances_come_and_go(server: LiveServer) -> None:
    native, frames = new_instance(), new_instance(COLOR_MULTI_FRAME)
    large = new_instance(PixelData=bytes(range(256)) * (20 * MEGABYTE // 256))
    assert store(server, native, frames, large).status == 200
    for instance in (native, frames, large):
        assert_holds(server, instance)
        [row] = get(server, f"/studies?StudyInstanceUID={instance.StudyInstanceUID}").json()
        assert row["00100020"]["Value"] == [instance.PatientID]
        [document] = get(server, f"{path_of(instance)}/metadata").json()
        assert document["00080018"]["Value"] == [instance.SOPInstanceUID]
        answer = get(server, path_of(instance), Accept="application/dicom; transfer-syntax=*", Range="bytes=300-9999")
        assert (answer.status, answer.body) == (206, part10(instance)[300:10_000])
    sources = source_frames(frames)
    numbers = ",".join(str(number + 1) for number in range(len(sources)))
    accept = 'multipart/related; type="image/jpeg"'
    assert [part.body for part in get(server, f"{path_of(frames)}/frames/{numbers}", Accept=accept).parts()] == sources
    [part] = get(server, f"{path_of(native)}/frames/1").parts()
    assert part.body == native.PixelData
    assert server.instance_files() == []
    for instance in (native, frames, large):
        assert send(server, "DELETE", f"/studies/{instance.StudyInstanceUID}").status in {200, 204}
        assert get(server, path_of(instance)).status == 404


def test_stored_again_is_known_and_refused_leaves_nothing(server: LiveServer, swift: SwiftServer) -> None:
    large = new_instance(PixelData=bytes(20 * MEGABYTE))
    assert store(server, large).status == 200
    held = swift.stored_bytes()
    assert store(server, large).status == 200
    large.PixelData = bytes([1]) * (20 * MEGABYTE)
    assert store(server, large).status == 409
    body = PART_HEAD + b"x" * (20 * MEGABYTE)
    assert send(server, "POST", "/studies", {"Content-Type": CONTENT_TYPE}, body + CLOSE).status == 409
    assert send(server, "POST", "/studies", {"Content-Type": CONTENT_TYPE}, body).status == 400
    assert swift.stored_bytes() < held + MEGABYTE


def test_while_the_store_is_away_metadata_is_there_and_the_rest_is_503(server: LiveServer, swift: SwiftServer) -> None:
    held, refused, large = new_instance(), new_instance(), new_instance(PixelData=bytes(20 * MEGABYTE))
    assert store(server, held).status == 200
    assert send(server, "GET", f"{server.origin}/ready").status == 200
    with swift.outage():
        for answer in (
            store(server, refused),
            store(server, large),
            get(server, f"{path_of(held)}/frames/1"),
            get(server, path_of(held)),
            send(server, "GET", f"{server.origin}/ready"),
        ):
            assert answer.status == 503
            assert int(answer.headers["retry-after"]) > 0
            assert answer.content_type == "application/problem+json"
        [document] = get(server, f"{path_of(held)}/metadata").json()
        assert document["00080018"]["Value"] == [held.SOPInstanceUID]
        assert len(get(server, "/instances").json()) == 1
    assert_holds(server, held)
    for instance in (refused, large):
        assert get(server, path_of(instance)).status == 404
        assert store(server, instance).status == 200
        assert_holds(server, instance)


def test_a_server_starts_while_the_store_is_away(
    data_folder: Path, settings: dict[str, str], swift: SwiftServer
) -> None:
    held = new_instance()
    with live_server(data_folder, **settings) as server:
        assert store(server, held).status == 200
    with ExitStack() as stack:
        with swift.outage():
            server = stack.enter_context(live_server(data_folder, **settings))
            assert get(server, f"{path_of(held)}/metadata").status == 200
        assert_holds(server, held)
        server.assert_without_fault()


def test_an_outage_during_an_ingest_loses_nothing_that_was_acknowledged(server: LiveServer, swift: SwiftServer) -> None:
    instances = [new_instance() for _ in range(CLIENTS * INSTANCES)]

    def store_at_last(instance: Dataset) -> int:
        """How often the store had to be tried."""
        for attempt in range(RETRIES):
            answer = store(server, instance)
            if answer.status == 200:
                return attempt + 1
            assert answer.status == 503
        raise AssertionError("the store does not come back")

    with ThreadPoolExecutor(CLIENTS) as clients:
        first = [clients.submit(store_at_last, instance) for instance in instances[:CLIENTS]]
        assert [each.result() for each in first] == [1] * CLIENTS
        rest = [clients.submit(store_at_last, instance) for instance in instances[CLIENTS:]]
        rest[2].result()
        with swift.outage():
            assert not all(each.done() for each in rest)
        for each in rest:
            each.result()
    for instance in instances:
        assert_holds(server, instance)


def test_memory_stays_flat(server: LiveServer) -> None:
    for number in range(3):
        body = store_body(small_instances(f"1.2.{number}.1000", 50))
        assert send(server, "POST", "/studies", {"Content-Type": CONTENT_TYPE}, body).status == 200
    instance, pieces = large_instance(LARGE_INSTANCE_BYTES)
    digest = hashlib.sha256()

    def body_pieces() -> Iterator[bytes]:
        yield PART_HEAD
        for piece in pieces:
            digest.update(piece)
            yield piece
        yield CLOSE

    with measured_growth(server) as storing:
        assert post_pieces(server, "/studies", CONTENT_TYPE, body_pieces()).status == 200
    with measured_growth(server) as retrieving:
        assert digest_of(server, instance) == digest.hexdigest()
        path = f"/studies/{instance.StudyInstanceUID}"
        assert read_all(server, f"{path}/pixeldata", "multipart/related") > LARGE_INSTANCE_BYTES
    assert storing.bytes < BOUND
    assert retrieving.bytes < BOUND
