"""What clients need of multipart answers: rules 21 to 31 of the survey of clients, each by its number."""

import re
from http.client import HTTPConnection, HTTPException, IncompleteRead
from pathlib import Path

import pytest
from dicomweb_client.api import DICOMwebClient

from tests.clients.raw_http import RawAnswer, get
from tests.examples import (
    COLOR_MULTI_FRAME,
    ECG,
    JPEG_2000,
    JPEG_LS,
    NATIVE,
    example,
    examples_where,
    new_instance,
)
from tests.live_server import LiveServer
from tests.multipart_answers import boundary_of
from tests.source_frames import source_frames

ANY_SYNTAX = {"Accept": 'multipart/related; type="application/octet-stream"; transfer-syntax=*'}
BULK_DATA = f"{example(ECG).url_path}/bulkdata/54000100/0/54001010"
SERIES = example("17106").url_path.partition("/instances")[0]

MULTIPART_PATHS = [
    f"/studies/{example('17106').study}",
    SERIES,
    example(NATIVE).url_path,
    example(JPEG_2000).url_path,
    f"{example(NATIVE).url_path}/frames/1",
    f"{example(COLOR_MULTI_FRAME).url_path}/frames/1,2,3",
    BULK_DATA,
]


@pytest.fixture(params=MULTIPART_PATHS)
def answer(request: pytest.FixtureRequest, example_server: LiveServer) -> RawAnswer:
    """An answer of each kind."""
    return get(example_server, request.param)


def test_rule_21_the_body_begins_with_its_boundary(answer: RawAnswer) -> None:
    assert answer.body.startswith(f"--{boundary_of(answer.content_type)}\r\n".encode())


def test_rule_22_the_body_ends_with_the_closing_boundary(answer: RawAnswer) -> None:
    closing = f"\r\n--{boundary_of(answer.content_type)}--"
    assert answer.body.endswith((closing.encode(), f"{closing}\r\n".encode()))


def test_rule_23_part_heads_are_short_lines_that_name_content_type_with_these_capitals(answer: RawAnswer) -> None:
    delimiter = f"--{boundary_of(answer.content_type)}\r\n".encode()
    for piece in answer.body.split(delimiter)[1:]:
        head = piece[: piece.index(b"\r\n\r\n")]
        assert len(head) < 1000 - 4
        assert re.match(rb"Content-Type: [a-z]", head)
        assert b"\n" not in head.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    ("name", "transfer_syntax"),
    [
        (NATIVE, "1.2.840.10008.1.2.1"),
        (COLOR_MULTI_FRAME, "1.2.840.10008.1.2.4.50"),
        (JPEG_2000, "1.2.840.10008.1.2.4.90"),
        (JPEG_LS, "1.2.840.10008.1.2.4.80"),
    ],
)
def test_rule_24_parts_name_their_transfer_syntax_without_quotes(
    example_server: LiveServer, name: str, transfer_syntax: str
) -> None:
    [frame] = get(example_server, f"{example(name).url_path}/frames/1", **ANY_SYNTAX).parts()
    assert frame.headers["content-type"] == f"application/octet-stream; transfer-syntax={transfer_syntax}"
    accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
    [instance] = get(example_server, example(name).url_path, Accept=accept).parts()
    assert instance.headers["content-type"] == f"application/dicom; transfer-syntax={transfer_syntax}"


def test_rule_25_all_frames_of_an_answer_have_one_media_type_and_transfer_syntax(example_server: LiveServer) -> None:
    parts = get(example_server, f"{example(COLOR_MULTI_FRAME).url_path}/frames/1,2,3").parts()
    assert {part.headers["content-type"] for part in parts} == {"image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.50"}


def test_rule_26_the_boundary_is_long_plain_and_nowhere_in_the_parts(answer: RawAnswer) -> None:
    boundary = boundary_of(answer.content_type)
    assert re.fullmatch(r"[0-9a-zA-Z-]{32,70}", boundary)
    assert re.fullmatch(rf'multipart/related; type="[a-z]+/[a-z0-9.+-]+"; boundary="?{boundary}"?', answer.content_type)
    assert answer.body.count(boundary.encode()) == len(answer.parts()) + 1


def test_rule_26_the_boundary_follows_from_what_is_stored_so_that_nobody_can_store_it(
    example_server: LiveServer,
) -> None:
    """It is a digest of the files and the representation: the same each time, and different for each resource."""
    boundaries = [[boundary_of(get(example_server, path).content_type) for path in MULTIPART_PATHS] for _ in range(2)]
    assert boundaries[0] == boundaries[1]
    assert len(set(boundaries[0])) == len(set(MULTIPART_PATHS))


@pytest.mark.parametrize(
    ("path", "part_type"),
    [
        (example(NATIVE).url_path, "application/dicom"),
        (f"{example(NATIVE).url_path}/frames/1", "application/octet-stream"),
        (f"{example(JPEG_LS).url_path}/frames/1", "image/jls"),
        (BULK_DATA, "application/octet-stream"),
    ],
)
def test_rule_27_multipart_asked_is_multipart_and_single_part_asked_is_single_part(
    example_server: LiveServer, path: str, part_type: str
) -> None:
    multipart = get(example_server, path, Accept=f'multipart/related; type="{part_type}"; transfer-syntax=*')
    [part] = multipart.parts()
    single = get(example_server, path, Accept=f"{part_type}; transfer-syntax=*")
    assert single.status == 200
    assert single.content_type.startswith(part_type)
    assert single.body == part.body


def test_rule_29_every_instance_asked_for_is_a_part(example_server: LiveServer) -> None:
    parts = get(example_server, SERIES).parts()
    expected = examples_where(lambda data_set: data_set.get("SeriesDescription") == "Routine Brain")
    assert sorted(part.body for part in parts) == sorted(source.path.read_bytes() for source in expected)


@pytest.mark.parametrize("numbers", [[1], [3, 1, 2], [30, 30, 1, 30], [(7 * n) % 30 + 1 for n in range(1200)]])
def test_rule_29_frames_come_in_the_order_asked_one_part_each_also_from_urls_of_3_kb(
    example_server: LiveServer, numbers: list[int]
) -> None:
    source = example(COLOR_MULTI_FRAME)
    frames = source_frames(source.data_set())
    answer = get(example_server, f"{source.url_path}/frames/{','.join(map(str, numbers))}")
    assert [part.body for part in answer.parts()] == [frames[number - 1] for number in numbers]


def test_rule_31_content_length_is_sent_and_right(answer: RawAnswer) -> None:
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert "transfer-encoding" not in answer.headers


@pytest.mark.archive_in_folder("it cuts off a file, and removes one")
class TestRule28WhatFailsInTheMiddleBreaksTheConnection:
    """A stored file is damaged behind the server's back; no client may take what arrives for the whole."""

    INSTANCES = 3
    ROWS = 2048
    """With as many columns of 16 bits 8 MB an instance, far more than the buffers between server and client."""

    @pytest.fixture
    def study(self, server: LiveServer) -> tuple[LiveServer, str]:
        """The server, and the path of a study of its own on it."""
        first = new_instance(Rows=self.ROWS, Columns=self.ROWS, PixelData=bytes(2 * self.ROWS**2))
        uids = {"StudyInstanceUID": first.StudyInstanceUID, "SeriesInstanceUID": first.SeriesInstanceUID}
        sizes = {"Rows": self.ROWS, "Columns": self.ROWS, "PixelData": first.PixelData}
        others = [new_instance(**uids, **sizes) for _ in range(self.INSTANCES - 1)]
        DICOMwebClient(server.root).store_instances([first, *others])
        return server, f"/studies/{first.StudyInstanceUID}"

    def test_rule_28_a_truncated_instance(self, study: tuple[LiveServer, str]) -> None:
        server, path = study
        last = self._stored_file(server, path, -1)
        with last.open("r+b") as file:
            file.truncate(last.stat().st_size // 2)
        self._assert_breaks(server, path)

    def test_rule_28_a_missing_instance(self, study: tuple[LiveServer, str]) -> None:
        server, path = study
        self._stored_file(server, path, -1).unlink()
        self._assert_breaks(server, path)

    def test_rule_28_a_truncated_frame(self, study: tuple[LiveServer, str]) -> None:
        server, path = study
        file = self._stored_file(server, path, 0)
        [url] = get(server, f"{path}/instances").json()[0]["00081190"]["Value"]
        with file.open("r+b") as opened:
            opened.truncate(file.stat().st_size // 2)
        self._assert_breaks(server, f"{url.removeprefix(server.root)}/frames/1")

    def test_rule_28_the_server_goes_on_serving(self, study: tuple[LiveServer, str]) -> None:
        server, path = study
        self._stored_file(server, path, -1).unlink()
        self._assert_breaks(server, path)
        rows = get(server, f"{path}/instances").json()
        [url] = rows[0]["00081190"]["Value"]
        assert get(server, url).status == 200
        assert len(rows) == self.INSTANCES

    @staticmethod
    def _stored_file(server: LiveServer, path: str, number: int) -> Path:
        uid = get(server, f"{path}/instances").json()[number]["00080018"]["Value"][0]
        [found] = [file for file in server.instance_files() if file.name.startswith(f"{uid}.")]
        return found

    @staticmethod
    def _assert_breaks(server: LiveServer, path: str) -> None:
        """The head may have been 200; then the body must not reach its end."""
        connection = HTTPConnection("127.0.0.1", server.port, timeout=20)
        try:
            connection.request("GET", f"/dicom-web{path}", headers={"Accept": "*/*"})
            response = connection.getresponse()
            assert response.status == 200
            with pytest.raises((HTTPException, ConnectionError)) as broken:
                response.read()
            assert not isinstance(broken.value, IncompleteRead) or not broken.value.partial.endswith(b"--\r\n")
        finally:
            connection.close()
