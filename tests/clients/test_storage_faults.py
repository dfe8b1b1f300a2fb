"""A disk that is full, a folder that refuses, files that cannot be opened: a clear answer, and work goes on after."""

import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
import requests
from pydicom.dataset import Dataset

from tests.clients.raw_http import RawAnswer, get, send
from tests.examples import new_instance, part10
from tests.live_server import LiveServer, live_server
from tests.multipart_requests import CONTENT_TYPE, RequestPart, parts_body, store_body
from tests.server_memory import process_folders

pytestmark = pytest.mark.archive_in_folder("disks and folders are at fault")

MEGABYTE = 1 << 20
DISK_BYTES = 16 * MEGABYTE
PARTS = 60


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of DISK_BYTES."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "fovea-test", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small file system cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server that goes through one fault after the other, none of them its own."""
    with live_server(tmp_path_factory.mktemp("faults") / "data") as started:
        yield started
        started.assert_without_fault()


@contextmanager
def limited(server: LiveServer, kind: int, limit: int) -> Iterator[None]:
    """Bound a resource of the process that serves."""
    process = serving_process(server)
    soft, hard = resource.prlimit(process, kind)
    resource.prlimit(process, kind, (limit, hard))
    try:
        yield
    finally:
        resource.prlimit(process, kind, (soft, hard))


def serving_process(server: LiveServer) -> int:
    """The process of the server that is neither the one that looks after it nor that one's helper."""
    [process] = [
        int(folder.name) for folder in process_folders(server) if b"spawn_main" in (folder / "cmdline").read_bytes()
    ]
    return process


def fill(disk: Path) -> Path:
    """A file that leaves no room for any other; remove it to make room."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (MEGABYTE, 4_096):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    return ballast


def store(server: LiveServer, *instances: Dataset) -> RawAnswer:
    body = store_body(part10(instance) for instance in instances)
    return send(server, "POST", "/studies", {"Content-Type": CONTENT_TYPE}, body)


def assert_problem(answer: RawAnswer, status: int, word: str) -> None:
    assert answer.status == status, answer.body
    assert answer.content_type == "application/problem+json"
    assert word in answer.json()["detail"]
    assert b"/" not in answer.body.replace(b"application/problem", b"")  # no path of the server


def assert_works(server: LiveServer, held: Dataset) -> None:
    """What was stored before is there, of what was refused neither row nor file is, and storing works."""
    found = {row["00080018"]["Value"][0] for row in get(server, "/instances").json()}
    assert held.SOPInstanceUID in found
    assert {path.name.rsplit(".", 2)[0] for path in server.instance_files()} == found
    assert_holds(server, held)
    fresh = new_instance(PixelData=bytes(2 * MEGABYTE))
    assert store(server, fresh).status == 200
    assert_holds(server, fresh)


def assert_holds(server: LiveServer, instance: Dataset) -> None:
    uids = instance.StudyInstanceUID, instance.SeriesInstanceUID, instance.SOPInstanceUID
    [part] = get(server, "/studies/{}/series/{}/instances/{}".format(*uids)).parts()
    assert part.body == part10(instance)


@pytest.mark.parametrize("size", [1_000, 3 * MEGABYTE], ids=["small", "large"])
def test_a_full_disk_is_507_until_there_is_room_again(small_disk: Path, tmp_path: Path, size: int) -> None:
    held = new_instance()
    # The log is beside the folder: it has to be on another disk.
    data = tmp_path / "data"
    data.symlink_to(small_disk)
    with live_server(data) as server:
        assert store(server, held).status == 200
        ballast = fill(small_disk)
        for _ in range(3):
            assert_problem(store(server, new_instance(PixelData=bytes(size))), 507, "room")
        assert_holds(server, held)
        ballast.unlink()
        assert_works(server, held)
        server.assert_without_fault()


def test_an_upload_that_fills_the_disk_is_507_and_its_room_is_free_at_once(small_disk: Path, tmp_path: Path) -> None:
    held = new_instance()
    data = tmp_path / "data"
    data.symlink_to(small_disk)
    with live_server(data) as server:
        assert store(server, held).status == 200
        instances = [new_instance(PixelData=bytes(4 * MEGABYTE)) for _ in range(5)]
        assert_problem(store(server, *instances), 507, "room")
        assert_works(server, held)
        server.assert_without_fault()


def test_files_that_cannot_grow_are_507(server: LiveServer) -> None:
    """A quota, which is what RLIMIT_FSIZE stands for here; it binds the index as well."""
    held = new_instance()
    assert store(server, held).status == 200
    with limited(server, resource.RLIMIT_FSIZE, 1_000):
        assert_problem(store(server, new_instance()), 507, "room")
        assert_problem(store(server, new_instance(PixelData=bytes(2 * MEGABYTE))), 507, "room")
    assert_works(server, held)


def test_no_more_open_files_are_503_and_who_asks_again_is_served(server: LiveServer) -> None:
    held, refused = new_instance(), new_instance(PixelData=bytes(2 * MEGABYTE))
    with requests.Session() as session:

        def store_here(instance: Dataset) -> requests.Response:
            """On one connection: another one would take an open file."""
            body = store_body([part10(instance)])
            return session.post(f"{server.root}/studies", body, headers={"Content-Type": CONTENT_TYPE}, timeout=20)

        assert store_here(held).status_code == 200
        with limited(server, resource.RLIMIT_NOFILE, lowest_free_descriptor(server)):
            answer = store_here(refused)
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
        assert store_here(refused).status_code == 200
    assert_works(server, held)


def lowest_free_descriptor(server: LiveServer) -> int:
    """The number that the next file which the server opens gets."""
    taken = {int(path.name) for path in Path(f"/proc/{serving_process(server)}/fd").iterdir()}
    return next(number for number in count() if number not in taken)


def test_hundreds_of_large_parts_take_few_open_files(server: LiveServer) -> None:
    """Parts above a megabyte are written to files on their way in."""
    refused = [b"x" * (MEGABYTE + 1)] * PARTS
    bulk = [bulk_part(str(number)) for number in range(PARTS)]
    metadata = RequestPart(b"Content-Type: application/dicom+json\r\n", b"[]")
    assert store(server, new_instance()).status == 200
    with limited(server, resource.RLIMIT_NOFILE, lowest_free_descriptor(server) + PARTS // 2):
        answer = send(server, "POST", "/studies", {"Content-Type": CONTENT_TYPE}, store_body(refused))
        assert answer.status == 409
        content_type = CONTENT_TYPE.replace("dicom", "dicom+json")
        answer = send(server, "POST", "/studies", {"Content-Type": content_type}, parts_body([*bulk, metadata]))
        assert_problem(answer, 400, "no instance")


def bulk_part(location: str) -> RequestPart:
    headers = f"Content-Type: application/octet-stream\r\nContent-Location: {location}\r\n"
    return RequestPart(headers.encode(), b"x" * (MEGABYTE + 1))


def test_a_folder_that_refuses_is_503_until_it_is_put_right(server: LiveServer) -> None:
    """A file stands where the folder was: that holds back the superuser too, whom permissions do not."""
    held = new_instance()
    assert store(server, held).status == 200
    folder, aside = server.data / "instances", server.data / "aside"
    folder.rename(aside)
    folder.write_bytes(b"")
    answer = store(server, new_instance())
    assert_problem(answer, 503, "storage")
    folder.unlink()
    aside.rename(folder)
    assert_works(server, held)


def test_a_staging_folder_that_refuses_is_503(server: LiveServer) -> None:
    held = new_instance()
    assert store(server, held).status == 200
    [folder] = [path for path in (server.data / "staging").iterdir() if path.is_dir()]
    aside = server.data / "aside"
    folder.rename(aside)
    folder.write_bytes(b"")
    assert_problem(store(server, new_instance(PixelData=bytes(3 * MEGABYTE))), 503, "storage")
    together = [new_instance(PixelData=bytes(MEGABYTE // 2)) for _ in range(10)]  # more than stay in memory
    assert_problem(store(server, *together), 503, "storage")
    folder.unlink()
    aside.rename(folder)
    assert_works(server, held)
