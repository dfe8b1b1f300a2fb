"""How clients send what is to be stored: rules 32 to 38 of the survey of clients, each by its number."""

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from dicomweb_client.api import DICOMwebClient
from pydicom.dataset import Dataset

from tests.archives import stored_blobs
from tests.clients.raw_http import RawAnswer, chunked, connect, get, send
from tests.examples import new_instance, part10
from tests.live_server import LiveServer, live_server
from tests.multipart_requests import BOUNDARY, CONTENT_TYPE, BodyStyle, store_body

ORTHANC_BOUNDARY = "9d3a2d2c-6a3c-4e8a-8d6c-3f9d0a7c1f10-5a1b7e36-2a40-4f5e-9a3e-0d7c6b5a4f32"
BODY_LIMIT = 100_000


@pytest.fixture
def data_set() -> Dataset:
    """An instance that no server has yet."""
    return new_instance()


@pytest.fixture(scope="module")
def narrow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server that takes only small bodies."""
    folder = tmp_path_factory.mktemp("narrow") / "data"
    with live_server(folder, FOVEA_LIMITS__BODY_BYTES=str(BODY_LIMIT)) as started:
        yield started


def test_rule_32_the_python_clients_body_in_one_piece(server: LiveServer, data_set: Dataset) -> None:
    headers = {"Content-Type": CONTENT_TYPE, "Accept": "*/*", "Host": "127.0.0.1"}
    answer = send(server, "POST", "/studies", headers, store_body([part10(data_set)]))
    _assert_stored(server, answer, data_set)


@pytest.mark.parametrize("size", [1_000_000, 65_536, 1_000])
def test_rule_32_the_python_clients_body_in_chunks(server: LiveServer, data_set: Dataset, size: int) -> None:
    data_set.PixelData = bytes(2_500_000)
    headers = {"Content-Type": CONTENT_TYPE, "Transfer-Encoding": "chunked", "Cache-Control": "no-cache"}
    answer = send(server, "POST", "/studies", headers, chunked(store_body([part10(data_set)]), size))
    _assert_stored(server, answer, data_set)


def test_rule_32_the_python_client_itself_beyond_a_megabyte(server: LiveServer) -> None:
    instances = [new_instance(PixelData=bytes(700_000)) for _ in range(3)]
    answer = DICOMwebClient(server.root).store_instances(instances)
    stored = [item.ReferencedSOPInstanceUID for item in answer.ReferencedSOPSequence]
    assert stored == [data_set.SOPInstanceUID for data_set in instances]


def test_rule_33_the_javascript_clients_body(server: LiveServer, data_set: Dataset) -> None:
    style = BodyStyle("b649f49b-6f43-4f8d-9d2c-5d0f7f6f4c86")
    content_type = f'multipart/related; type="application/dicom"; boundary="{style.boundary}"'
    headers = {"Content-Type": content_type, "Accept": "application/dicom+json", "Origin": "http://localhost:3000"}
    answer = send(server, "POST", "/studies", headers, store_body([part10(data_set)], style))
    _assert_stored(server, answer, data_set)


@pytest.mark.parametrize(
    ("boundary", "separator"), [("mimeTypeBoundary", ";"), ("myboundary", "; ")], ids=["Weasis", "dcm4che"]
)
def test_rule_34_java_clients_body_and_their_answer_in_xml(
    server: LiveServer, data_set: Dataset, boundary: str, separator: str
) -> None:
    content_type = separator.join(["multipart/related", 'type="application/dicom"', f"boundary={boundary}"])
    headers = {"Content-Type": content_type, "Accept": "application/dicom+xml", "User-Agent": "Java/17.0.2"}
    answer = send(server, "POST", "/studies", headers, store_body([part10(data_set)], BodyStyle(boundary)))
    assert (answer.status, answer.content_type) == (200, "application/dicom+xml")
    [stored] = [each for each in ET.fromstring(answer.body) if each.get("tag") == "00081199"]
    assert data_set.SOPInstanceUID in "".join(stored.itertext())
    assert get(server, _path(data_set)).parts()[0].body == part10(data_set)


def test_rule_35_many_parts_of_orthanc_and_how_it_counts_in_the_answer(server: LiveServer) -> None:
    instances = [new_instance() for _ in range(20)]
    broken = part10(instances[0]).replace(b"1.2.840.10008.5.1.4.1.1.2\0", b"1.2.840.10008.5.1.4.1.1.x\0")
    style = BodyStyle(ORTHANC_BOUNDARY, before=b"", after=b"\r\n")
    headers = {
        "Content-Type": f'multipart/related; type="application/dicom"; boundary={style.boundary}',
        "Accept": "application/dicom+json",
        "Transfer-Encoding": "chunked",
        "Expect": "",
    }
    whole = store_body([part10(each) for each in instances], style)
    with_a_bad_one = store_body([*(part10(each) for each in instances), broken], style)
    answers = [send(server, "POST", "/studies", headers, chunked(body, 1 << 16)) for body in (whole, with_a_bad_one)]
    assert [answer.status for answer in answers] == [200, 202]
    assert [len(answer.json()["00081199"]["Value"]) for answer in answers] == [20, 20]
    assert "00081198" not in answers[0].json()
    assert len(answers[1].json()["00081198"]["Value"]) == 1


@pytest.mark.parametrize("is_chunked", [True, False])
def test_rule_36_one_file_by_itself_as_googles_adapter_sends_it(
    server: LiveServer, data_set: Dataset, is_chunked: bool
) -> None:
    headers = {"Content-Type": "application/dicom", "Accept": "application/dicom+json"}
    body = part10(data_set)
    if is_chunked:
        headers["Transfer-Encoding"], body = "chunked", chunked(body, 8_192)
    _assert_stored(server, send(server, "POST", "/studies", headers, body), data_set)


def test_rule_36_a_409_is_followed_by_a_deletion_and_a_second_try(server: LiveServer, data_set: Dataset) -> None:
    headers = {"Content-Type": "application/dicom", "Accept": "application/dicom+json"}
    assert send(server, "POST", "/studies", headers, part10(data_set)).status == 200
    data_set.PatientName = "Corrected^Name"
    assert send(server, "POST", "/studies", headers, part10(data_set)).status == 409
    assert send(server, "DELETE", _path(data_set)).status == 204
    _assert_stored(server, send(server, "POST", "/studies", headers, part10(data_set)), data_set)


@pytest.mark.parametrize("is_chunked", [True, False])
def test_rule_35_orthancs_body(server: LiveServer, data_set: Dataset, is_chunked: bool) -> None:
    style = BodyStyle(ORTHANC_BOUNDARY, before=b"", after=b"\r\n")
    content_type = f'multipart/related; type="application/dicom"; boundary={style.boundary}'
    headers = {"Content-Type": content_type, "Accept": "application/dicom+json"}
    body = store_body([part10(data_set)], style)
    if is_chunked:
        headers["Transfer-Encoding"], body = "chunked", chunked(body, 4_096)
    _assert_stored(server, send(server, "POST", "/studies", headers, body), data_set)


@pytest.mark.parametrize("after", [b"", b"\r\n"])
def test_rule_37_curls_body_waits_for_100_continue(server: LiveServer, data_set: Dataset, after: bytes) -> None:
    style = BodyStyle("myboundary", before=b"", after=after)
    body = store_body([part10(data_set)], style)
    content_type = "multipart/related; type=application/dicom; boundary=myboundary"
    with connect(server) as connection:
        connection.sendall(_curl_head(server, content_type, len(body)))
        assert _read_head(connection).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        assert _read_head(connection).startswith(b"HTTP/1.1 200 ")
    assert get(server, _path(data_set)).parts()[0].body == part10(data_set)


def test_rule_37_what_cannot_be_taken_is_refused_instead_of_100_continue(server: LiveServer) -> None:
    with connect(server) as connection:
        connection.sendall(_curl_head(server, "text/plain", 10_000_000))
        assert _read_head(connection).startswith(b"HTTP/1.1 415 ")


def test_rule_37_a_body_beyond_the_limit_is_413(narrow_server: LiveServer) -> None:
    body = store_body([part10(new_instance(PixelData=bytes(2 * BODY_LIMIT)))])
    assert send(narrow_server, "POST", "/studies", {"Content-Type": CONTENT_TYPE}, body).status == 413


def test_rule_37_a_body_beyond_the_limit_is_refused_instead_of_100_continue(narrow_server: LiveServer) -> None:
    body = store_body([part10(new_instance(PixelData=bytes(2 * BODY_LIMIT)))])
    with connect(narrow_server) as connection:
        connection.sendall(_curl_head(narrow_server, CONTENT_TYPE, len(body)))
        assert _read_head(connection).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "content_type",
    [
        f'multipart/related; boundary={BOUNDARY}; type="application/dicom"',
        f"multipart/related;type=application/dicom;boundary={BOUNDARY}",
        f'multipart/related;type="application/dicom";boundary="{BOUNDARY}"',
        f'Multipart/Related; Boundary="{BOUNDARY}"; Type="application/dicom"',
        f'multipart/related ; boundary = "{BOUNDARY}"',
        f'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.1; boundary="{BOUNDARY}"',
    ],
)
def test_rule_38_parameters_of_content_type_vary(server: LiveServer, data_set: Dataset, content_type: str) -> None:
    answer = send(server, "POST", "/studies", {"Content-Type": content_type}, store_body([part10(data_set)]))
    _assert_stored(server, answer, data_set)


@pytest.mark.parametrize(
    "part_headers",
    [
        b"",
        b"Content-Type: application/dicom; transfer-syntax=1.2.840.10008.1.2.1\r\n",
        b"content-type:application/dicom\r\n",
        b"Content-Type: application/dicom\r\nContent-Transfer-Encoding: binary\r\nContent-Length: 10\r\n",
        b"MIME-Version: 1.0\r\nContent-Location: http://example.org/1\r\nContent-Type: application/dicom\r\n",
    ],
)
def test_rule_38_headers_of_parts_vary(server: LiveServer, data_set: Dataset, part_headers: bytes) -> None:
    body = store_body([part10(data_set)], BodyStyle(part_headers=part_headers))
    _assert_stored(server, send(server, "POST", "/studies", {"Content-Type": CONTENT_TYPE}, body), data_set)


def test_instances_can_be_stored_at_the_servers_root_as_3d_slicers_sender_does(
    server: LiveServer, data_set: Dataset
) -> None:
    """One after the other, with one client (DICOMUtils, DICOMSender)."""
    client = DICOMwebClient(server.origin)
    study = data_set.StudyInstanceUID
    for instance in [data_set, *(new_instance(StudyInstanceUID=study) for _ in range(2))]:
        [item] = client.store_instances([instance]).ReferencedSOPSequence
        assert item.RetrieveURL == f"{server.root}{_path(instance)}"
        assert get(server, _path(instance)).status == 200
    assert get(server, f"/studies?StudyInstanceUID={study}").json()[0]["00201208"]["Value"] == [3]


def test_an_upload_that_breaks_off_leaves_nothing_and_is_no_fault_of_the_server(data_folder: Path) -> None:
    whole, cut = new_instance(), new_instance(PixelData=bytes(4_000_000))
    body = store_body([part10(whole), part10(cut)])
    with live_server(data_folder) as server:
        with connect(server) as connection:
            connection.sendall(_curl_head(server, CONTENT_TYPE, len(body)))
            assert _read_head(connection).startswith(b"HTTP/1.1 100 ")
            connection.sendall(body[:3_000_000])
        # The server ends when all requests have ended, so nothing is under way afterwards.
        server.stop()
        assert stored_blobs(server.data) == []
        assert [path for path in (server.data / "staging").rglob("*") if path.is_file()] == []
        server.assert_without_fault()


def _assert_stored(server: LiveServer, answer: RawAnswer, data_set: Dataset) -> None:
    assert (answer.status, answer.content_type) == (200, "application/dicom+json"), answer.body
    [item] = answer.json()["00081199"]["Value"]
    assert item["00081155"]["Value"] == [data_set.SOPInstanceUID]
    [part] = get(server, _path(data_set)).parts()
    assert part.body == part10(data_set)


def _path(data_set: Dataset) -> str:
    uids = data_set.StudyInstanceUID, data_set.SeriesInstanceUID, data_set.SOPInstanceUID
    return "/studies/{}/series/{}/instances/{}".format(*uids)


def _curl_head(server: LiveServer, content_type: str, length: int) -> bytes:
    headers: Mapping[str, str] = {
        "Host": f"127.0.0.1:{server.port}",
        "User-Agent": "curl/8.5.0",
        "Accept": "application/dicom+json",
        "Content-Type": content_type,
        "Content-Length": str(length),
        "Expect": "100-continue",
    }
    lines = ["POST /dicom-web/studies HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def _read_head(connection: socket.socket) -> bytes:
    """Status line and headers of the next answer; its body, if any, stays unread."""
    head = bytearray()
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        assert byte, bytes(head)
        head += byte
    return bytes(head)
