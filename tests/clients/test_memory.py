"""However large an instance or a request is, the server stays small."""

import hashlib
import random
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

import imagecodecs
import pytest
import requests
from pydicom.dataset import Dataset
from pydicom.uid import HTJ2KLosslessRPCL

from tests.clients.raw_http import post_pieces, send
from tests.examples import new_instance, part10
from tests.live_server import LiveServer, live_server
from tests.multipart_requests import BOUNDARY, CONTENT_TYPE, store_body
from tests.server_memory import measured_growth

MEGABYTE = 1 << 20
BOUND = 64 * MEGABYTE
LARGE_INSTANCE_BYTES = 300 * MEGABYTE
SMALL_INSTANCES = 3_000
WARMING_REQUESTS = 8
WARMING_INSTANCES = 100

PART_HEAD = f"\r\n--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
CLOSE = f"\r\n--{BOUNDARY}--".encode()


@pytest.fixture
def warm_server(data_folder: Path) -> Iterator[LiveServer]:
    """A server that has worked for a while: code is loaded, and the caches of the index are full."""
    with live_server(data_folder) as server:
        for number in range(WARMING_REQUESTS):
            body = store_body(small_instances(f"1.2.{number}.1000000", WARMING_INSTANCES))
            assert send(server, "POST", "/studies", {"Content-Type": CONTENT_TYPE}, body).status == 200
        yield server
        server.assert_without_fault()


def small_instances(uid: str, count: int) -> Iterator[bytes]:
    """The same file of 15 kB again and again, under SOPInstanceUIDs that count up from this one."""
    file = part10(new_instance(PixelData=bytes(8_192), Rows=64, Columns=64, SOPInstanceUID=uid))
    assert file.count(uid.encode()) == 2  # in the file meta information and in the data set
    root, _, first = uid.rpartition(".")
    for number in range(count):
        yield file.replace(uid.encode(), f"{root}.{int(first) + number}".encode())


def large_instance(pixel_bytes: int) -> tuple[Dataset, Iterator[bytes]]:
    """An instance of one native frame, and its file in pieces of a megabyte."""
    instance = new_instance(PixelData=b"\1\2\3\4")
    del instance[0xFFFCFFFC]
    file = part10(instance)
    head = file[: -len(b"\1\2\3\4") - 4]
    piece = bytes(range(256)) * (MEGABYTE // 256)
    return instance, iter([head + pixel_bytes.to_bytes(4, "little"), *repeat(piece, pixel_bytes // MEGABYTE)])


def test_a_large_instance(warm_server: LiveServer) -> None:
    instance, pieces = large_instance(LARGE_INSTANCE_BYTES)
    digest = hashlib.sha256()

    def body() -> Iterator[bytes]:
        yield PART_HEAD
        for piece in pieces:
            digest.update(piece)
            yield piece
        yield CLOSE

    with measured_growth(warm_server) as storing:
        assert post_pieces(warm_server, "/studies", CONTENT_TYPE, body()).status == 200
    assert storing.bytes < BOUND
    with measured_growth(warm_server) as retrieving:
        assert digest_of(warm_server, instance) == digest.hexdigest()
    assert retrieving.bytes < BOUND
    path = f"/studies/{instance.StudyInstanceUID}"
    with measured_growth(warm_server) as retrieving_otherwise:
        assert read_all(warm_server, path, "application/zip") > LARGE_INSTANCE_BYTES
        assert read_all(warm_server, f"{path}/pixeldata", "multipart/related") > LARGE_INSTANCE_BYTES
        assert read_all(warm_server, path, "multipart/related", Range="bytes=1000-") > LARGE_INSTANCE_BYTES
    assert retrieving_otherwise.bytes < BOUND


def digest_of(server: LiveServer, instance: Dataset) -> str:
    """The SHA-256 of an instance's file, read piece by piece."""
    uids = instance.StudyInstanceUID, instance.SeriesInstanceUID, instance.SOPInstanceUID
    url = "{}/studies/{}/series/{}/instances/{}".format(server.root, *uids)
    digest = hashlib.sha256()
    with requests.get(url, headers={"Accept": "application/dicom"}, stream=True, timeout=20) as answer:
        assert answer.status_code == 200
        for piece in answer.iter_content(MEGABYTE):
            digest.update(piece)
    return digest.hexdigest()


def read_all(server: LiveServer, path: str, accept: str, **headers: str) -> int:
    """How many bytes an answer has, read piece by piece and whatever its content coding."""
    with requests.get(server.root + path, headers={"Accept": accept, **headers}, stream=True, timeout=20) as answer:
        assert answer.ok
        return sum(len(piece) for piece in answer.iter_content(MEGABYTE))


FRAMES, FRAME_BYTES = 600, 512 << 10


@pytest.mark.parametrize("original", ["replace", "keep"])
def test_a_large_multi_frame_that_is_transcoded_when_it_is_stored(data_folder: Path, original: str) -> None:
    instance = new_instance(Rows=512, Columns=512, BitsStored=16, HighBit=15, NumberOfFrames=FRAMES, PixelData=bytes(4))
    del instance[0xFFFCFFFC]
    head = part10(instance)[:-8]
    frames = [random.Random(number).randbytes(64) * (FRAME_BYTES // 64) for number in range(FRAMES)]
    body = [PART_HEAD + head + (FRAMES * FRAME_BYTES).to_bytes(4, "little"), *frames, CLOSE]
    path = (
        f"/studies/{instance.StudyInstanceUID}/series/{instance.SeriesInstanceUID}/instances/{instance.SOPInstanceUID}"
    )
    settings = {"FOVEA_STORE__TRANSFER_SYNTAX": "htj2k-rpcl", "FOVEA_STORE__ORIGINAL": original}
    with live_server(data_folder, **settings) as server:
        warm = store_body([part10(new_instance())])
        assert send(server, "POST", "/studies", {"Content-Type": CONTENT_TYPE}, warm).status == 200
        with measured_growth(server) as growth:
            assert post_pieces(server, "/studies", CONTENT_TYPE, body).status == 200
        assert growth.bytes < BOUND
        accept = f"image/jphc; transfer-syntax={HTJ2KLosslessRPCL}"
        for number in (1, FRAMES // 2, FRAMES):
            answer = requests.get(f"{server.root}{path}/frames/{number}", headers={"Accept": accept}, timeout=10)
            assert answer.headers["content-type"] == accept
            assert imagecodecs.htj2k_decode(answer.content).tobytes() == frames[number - 1]
        server.assert_without_fault()


def test_thousands_of_small_instances_in_one_request(warm_server: LiveServer) -> None:
    def body() -> Iterator[bytes]:
        for file in small_instances("1.2.99.1000000", SMALL_INSTANCES):
            yield PART_HEAD + file
        yield CLOSE

    with measured_growth(warm_server) as growth:
        answer = post_pieces(warm_server, "/studies", CONTENT_TYPE, body())
    assert answer.status == 200
    assert len(answer.json()["00081199"]["Value"]) == SMALL_INSTANCES
    assert growth.bytes < BOUND
    [row] = send(warm_server, "GET", "/studies?SOPInstanceUID=1.2.99.1000000").json()
    study = f"/studies/{row['0020000D']['Value'][0]}"
    with measured_growth(warm_server) as retrieving:
        for accept in ("application/dicom+json", 'multipart/related; type="application/dicom+xml"'):
            assert read_all(warm_server, f"{study}/metadata", accept) > SMALL_INSTANCES * 1000
            assert read_all(warm_server, f"{study}/metadata", accept, Range="bytes=9-") > SMALL_INSTANCES * 1000
        for accept in ("application/zip", "multipart/related"):
            assert read_all(warm_server, study, accept) > SMALL_INSTANCES * 8_192
    assert retrieving.bytes < BOUND
