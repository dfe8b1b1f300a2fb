"""The documented configuration of nginx: bodies stream, URLs are those that clients see, and its cache is discreet."""

import json
import re
import subprocess
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
import requests

from tests.clients.test_memory import CLOSE, MEGABYTE, PART_HEAD, large_instance
from tests.cluster.nginx import DOCUMENTED, PROGRAM, Nginx, nginx
from tests.cluster.patient_client import ANSWER_SECONDS, PatientClient, path_of
from tests.cluster.polling import poll
from tests.cluster.servers import MODALITY, READER, Cluster
from tests.examples import new_instance
from tests.live_server import free_port, live_server
from tests.multipart_answers import read_parts
from tests.multipart_requests import CONTENT_TYPE

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="nginx is not installed")

UPLOAD_BYTES = 200 * MEGABYTE
PNG = {"Accept": "image/png"}
VIEWER = DOCUMENTED.with_name("viewer.conf")
DEPLOYMENT = Path(__file__).parents[2] / "docs/deployment.md"


@pytest.fixture(scope="module")
def front(shared_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with nginx(tmp_path_factory.mktemp("nginx") / "folder", shared_cluster.servers) as started:
        yield started


@pytest.fixture
def client(front: Nginx) -> Iterator[PatientClient]:
    with PatientClient(front.origin, front.certificate, READER) as started:
        yield started


def _ask(front: Nginx, path: str, user: tuple[str, str] | None, **headers: str) -> requests.Response:
    """One request by somebody, nothing tried again."""
    with PatientClient(front.origin, front.certificate, user) as client:
        return client.ask_once("GET", path, headers=headers)


def test_a_large_upload_and_its_retrieval_stream(front: Nginx, client: PatientClient, shared_cluster: Cluster) -> None:
    instance, pieces = large_instance(UPLOAD_BYTES)
    before = shared_cluster.swift.stored_bytes()

    def body() -> Iterator[bytes]:
        yield PART_HEAD
        yield from islice(pieces, UPLOAD_BYTES // MEGABYTE // 2)
        # Half of it was sent; nothing more is until it has come through to the bucket.
        poll(lambda: shared_cluster.swift.stored_bytes() > before + UPLOAD_BYTES // 4)
        assert front.temporary_files() == []
        yield from pieces
        yield CLOSE

    answer = client.ask_once("POST", "/studies", data=body(), headers={"Content-Type": CONTENT_TYPE})
    assert answer.status_code == 200
    accept = {"Accept": "application/dicom; transfer-syntax=*"}
    with client.ask_once("GET", path_of(instance), headers=accept, stream=True) as answer:
        received = len(next(answer.iter_content(MEGABYTE)))
        assert front.temporary_files() == []
        received += sum(map(len, answer.iter_content(MEGABYTE)))
    assert received > UPLOAD_BYTES
    assert front.temporary_files() == []


def test_urls_are_those_that_clients_see_whatever_they_say(front: Nginx, client: PatientClient) -> None:
    instance = new_instance()
    client.store(instance)
    forged = {
        "Forwarded": "for=192.0.2.1;host=evil.example;proto=http",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Prefix": "/evil",
    }
    for headers in ({}, forged, {"Host": "127.0.0.1"}):  # the last one as the Python client of DICOMweb has it
        [row] = client.ask("GET", f"/studies?StudyInstanceUID={instance.StudyInstanceUID}", headers=headers).json()
        assert row["00081190"]["Value"] == [f"{front.origin}/dicom-web/studies/{instance.StudyInstanceUID}"]
        [document] = client.ask("GET", f"{path_of(instance)}/metadata", headers=headers).json()
        assert document["7FE00010"]["BulkDataURI"].startswith(f"{front.origin}/dicom-web/studies/")
    assert requests.get(
        document["7FE00010"]["BulkDataURI"], auth=READER, verify=front.certificate, timeout=ANSWER_SECONDS
    ).ok


def test_urls_are_right_in_http_2_as_well(front: Nginx, client: PatientClient) -> None:
    instance = new_instance()
    client.store(instance)
    path = f"/dicom-web/studies?StudyInstanceUID={instance.StudyInstanceUID}"
    command = ["curl", "--silent", "--http2", "--cacert", front.certificate, "--user", ":".join(READER)]
    told = subprocess.run(
        [*command, "--write-out", "%{http_version}", front.origin + path], capture_output=True, text=True, check=True
    ).stdout
    [row] = json.loads(told.removesuffix("2"))
    assert row["00081190"]["Value"] == [f"{front.origin}/dicom-web/studies/{instance.StudyInstanceUID}"]


def test_who_comes_without_tls_is_sent_to_where_it_is(front: Nginx) -> None:
    answer = requests.get(f"http://127.0.0.1:{front.plain_port}/docs?a=b", allow_redirects=False, timeout=20)
    assert (answer.status_code, answer.headers["Location"]) == (308, "https://127.0.0.1/docs?a=b")


@pytest.mark.parametrize("kind", ["frames/1", "rendered", "metadata", "bulkdata"])
def test_entity_tags_work_through_it(client: PatientClient, kind: str) -> None:
    instance = new_instance()
    client.store(instance)
    path = f"{path_of(instance)}/{kind}"
    if kind == "bulkdata":
        [document] = client.ask("GET", f"{path_of(instance)}/metadata").json()
        path = document["7FE00010"]["BulkDataURI"].partition("/dicom-web")[2]
    plain = {"Accept-Encoding": "identity", "Accept": "application/octet-stream" if kind == "bulkdata" else "*/*"}
    whole = client.ask("GET", path, headers=plain)
    for _ in range(2):
        held = client.ask("GET", path, headers=plain | {"If-None-Match": whole.headers["ETag"]})
        assert (held.status_code, held.content) == (304, b"")
        assert held.headers["Cache-Control"] == "private, no-cache"
        other = client.ask("GET", path, headers=plain | {"If-None-Match": '"other"'})
        assert (other.status_code, other.headers["ETag"], other.content) == (200, whole.headers["ETag"], whole.content)
        part = client.ask("GET", path, headers=plain | {"Range": "bytes=10-19", "If-Range": whole.headers["ETag"]})
        assert (part.status_code, part.content) == (206, whole.content[10:20])
        outdated = client.ask("GET", path, headers=plain | {"Range": "bytes=10-19", "If-Range": '"other"'})
        assert (outdated.status_code, outdated.content) == (200, whole.content)


def test_what_is_kept_is_asked_about_each_time_and_shown_to_nobody_else(
    front: Nginx, client: PatientClient, shared_cluster: Cluster
) -> None:
    instance = new_instance()
    client.store(instance)
    frame, picture = f"{path_of(instance)}/frames/1", f"{path_of(instance)}/rendered"
    kept = len(front.cached_files())
    [first] = read_parts(client.ask("GET", frame))
    image = client.ask("GET", picture, headers=PNG).content
    poll(lambda: len(front.cached_files()) == kept + 2)
    for _ in range(3):
        [again] = read_parts(client.ask("GET", frame))
        assert again.body == first.body == instance.PixelData
        assert client.ask("GET", picture, headers=PNG).content == image
    for path in (frame, picture):
        assert [_status(line) for line in _logged(shared_cluster, path)] == ["200", "304", "304", "304"]
        for user, status in ((None, 401), (MODALITY, 403), (("alice", "wrong"), 401)):
            refused = _ask(front, path, user, **PNG)
            assert refused.status_code == status
            assert refused.headers["Content-Type"] == "application/problem+json"
            assert "X-Accel-Expires" not in refused.headers


def test_what_is_replaced_or_deleted_is_not_given_from_the_cache(
    client: PatientClient, shared_cluster: Cluster
) -> None:
    instance = new_instance()
    client.store(instance)
    path = path_of(instance)
    asked = f"{path}/frames/1", f"{path}/rendered", f"/studies/{instance.StudyInstanceUID}/thumbnail"
    old = [client.ask("GET", each).content for each in (*asked, *asked)][: len(asked)]
    instance.PixelData = instance.PixelData[::-1]
    with PatientClient(shared_cluster.servers[0].origin, user=READER) as direct:
        direct.store(instance)
        new = [client.ask("GET", each).content for each in asked]
        assert all(before != after for before, after in zip(old, new, strict=True))
        assert instance.PixelData in new[0]
        assert direct.ask("DELETE", path).status_code == 204
    assert {client.ask("GET", each).status_code for each in asked} == {404}


def test_figures_are_not_to_be_had_through_it(front: Nginx) -> None:
    options = {"auth": READER, "verify": front.certificate, "timeout": ANSWER_SECONDS}
    assert requests.get(f"{front.origin}/metrics", **options).status_code == 404
    assert requests.get(f"{front.origin}/ready", **options).status_code == 200


def test_the_viewer_is_shown_beside_the_archive(shared_cluster: Cluster, tmp_path: Path) -> None:
    """Nobody listens in place of the viewer here: 502 tells that it was asked."""
    location = VIEWER.read_text(encoding="utf-8").replace("ohif:80", f"127.0.0.1:{free_port()}")
    expected = {"/": 502, "/viewer?StudyInstanceUIDs=1.2": 502, "/app-config.js": 502, "/studies/1.2": 502}
    expected |= {"/dicom-web/studies": 200, "/docs": 200, "/openapi.json": 200, "/ready": 200, "/metrics": 404}
    with nginx(tmp_path / "nginx", shared_cluster.servers, location) as front:
        options = {"auth": READER, "verify": front.certificate, "timeout": ANSWER_SECONDS}
        asked = {path: requests.get(front.origin + path, **options).status_code for path in expected}
    assert asked == expected


def test_it_shows_the_server_below_a_path_as_documented(data_folder: Path, tmp_path: Path) -> None:
    [location] = re.findall(r"```nginx\n(.*?)```", DEPLOYMENT.read_text(encoding="utf-8"), re.DOTALL)
    below = {"FOVEA_PROXY__TRUSTED": '["127.0.0.1"]', "FOVEA_PROXY__ROOT_PATH": "/pacs"}
    instance = new_instance()
    with (
        live_server(data_folder, **below) as server,
        nginx(tmp_path / "nginx", [server, server], location) as front,
        PatientClient(f"{front.origin}/pacs", front.certificate) as client,
    ):
        client.store(instance)
        client.assert_holds(instance)
        [document] = client.ask("GET", f"{path_of(instance)}/metadata").json()
        assert document["7FE00010"]["BulkDataURI"].startswith(f"{front.origin}/pacs/dicom-web/studies/")


def _logged(shared_cluster: Cluster, path: str) -> list[str]:
    """The lines in the logs of all servers about a path, in their order."""
    lines = [line for server in shared_cluster.servers for line in server.log.read_text().splitlines()]
    return sorted(line for line in lines if f"GET /dicom-web{path} " in line)


def _status(line: str) -> str:
    return line.partition("/dicom-web/")[2].split()[1]
