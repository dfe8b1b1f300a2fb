from email.encoders import encode_noop
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.policy import HTTP

import pytest

from app.protocol.errors import MalformedRequest, PayloadTooLarge
from app.protocol.media_type import MediaType
from app.protocol.multipart_reader import (
    MAXIMUM_PREAMBLE,
    MultipartLimits,
    MultipartReader,
    PartBegin,
    PartData,
    PartEnd,
)
from tests.multipart_bodies import DICOM_HEADERS, like_dicomweb_client, read

ONE, TWO = b"\x00DICM\r\n\r\n--not it\r\n", b"second"
SIMPLE = "multipart/related; boundary=B"


def body(boundary: str, *contents: bytes) -> bytes:
    parts = [f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode() + content for content in contents]
    return b"\r\n".join(parts) + f"\r\n--{boundary}--".encode()


@pytest.mark.parametrize(
    ("content_type", "payload"),
    [
        pytest.param(
            'multipart/related; type="application/dicom"; boundary="0f3cf5c0-70e0-41ef-baef-c6f9f65ec3e1"',
            like_dicomweb_client([ONE, TWO], "0f3cf5c0-70e0-41ef-baef-c6f9f65ec3e1"),
            id="dicomweb-client in Python and JavaScript",
        ),
        pytest.param(
            'multipart/related;type="application/dicom";boundary=mimeTypeBoundary',
            body("mimeTypeBoundary", ONE, TWO) + b"\r\n",
            id="Weasis",
        ),
        pytest.param(
            'multipart/related; type="application/dicom"; boundary=myboundary',
            b"\r\n" + body("myboundary", ONE, TWO) + b"\r\n",
            id="dcm4che",
        ),
        pytest.param(
            'multipart/related; type="application/dicom"; boundary=4f0ae34b-87a1-4a07-9ad5-f3d4-c4a1b9f2-1f0c',
            body("4f0ae34b-87a1-4a07-9ad5-f3d4-c4a1b9f2-1f0c", ONE, TWO),
            id="Orthanc",
        ),
        pytest.param(
            "Multipart/Related; Boundary=b0undary; TYPE=application/dicom",
            body("b0undary", ONE, TWO) + b"\r\nan epilogue\r\n--b0undary\r\n",
            id="curl, with an epilogue",
        ),
        pytest.param(
            SIMPLE,
            b"A preamble.\r\n--Bad\r\n--B \t \r\n" + body("B", ONE, TWO).removeprefix(b"--B\r\n"),
            id="a preamble and padding behind the first boundary",
        ),
        pytest.param(SIMPLE, body("B", ONE, TWO).replace(b"\r\n--B\r\n", b"\r\n--B  \t\r\n"), id="padding further on"),
    ],
)
@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
def test_the_bodies_of_real_clients(content_type, payload, piece):
    pieces = [payload[start : start + piece] for start in range(0, len(payload), piece)]
    assert read(content_type, pieces) == [(DICOM_HEADERS, ONE), (DICOM_HEADERS, TWO)]


def test_a_body_of_the_google_adapter_has_more_part_headers():
    payload = b"--u-u\r\nContent-Type: application/dicom\r\ncontent-transfer-encoding: binary\r\n\r\nx\r\n--u-u--\r\n"
    headers = {"content-type": "application/dicom", "content-transfer-encoding": "binary"}
    assert read('multipart/related; boundary=u-u; type="application/dicom"', [payload]) == [(headers, b"x")]


def test_a_body_made_by_the_email_package():
    message = MIMEMultipart("related", boundary="===============42==", policy=HTTP)
    for content in (b"one\x00", b"--two"):
        message.attach(MIMEApplication(content, "dicom", encode_noop, policy=HTTP))
    payload = message.as_bytes().partition(b"\r\n\r\n")[2]
    parts = read(str(message["Content-Type"]), [payload])
    assert [content for _, content in parts] == [b"one\x00", b"--two"]
    assert [headers["content-type"] for headers, _ in parts] == ["application/dicom"] * 2


@pytest.mark.parametrize(
    "boundary",
    ["a", "x" * 70, "x" * 73, "a b", "'()+_,-./:=?", "--", "=_Part_1_=", "0f3c-41ef", "a:b"],
)
def test_every_legal_boundary_serves(boundary):
    assert read(f'multipart/related; boundary="{boundary}"', [body(boundary, ONE, TWO)]) == [
        (DICOM_HEADERS, ONE),
        (DICOM_HEADERS, TWO),
    ]


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/related",
        'multipart/related; boundary=""',
        f"multipart/related; boundary={'x' * 201}",
        'multipart/related; boundary="ends in space "',
        'multipart/related; boundary="a\tb"',
        'multipart/related; boundary="é"',
    ],
)
def test_a_missing_or_illegal_boundary_is_refused(content_type):
    with pytest.raises(MalformedRequest, match="boundary"):
        MultipartReader(MediaType.parse(content_type))


def test_parts_may_lack_headers_and_bodies():
    assert read(SIMPLE, [b"--B\r\n\r\nx\r\n--B\r\nA: 1\r\n\r\n\r\n--B--"]) == [({}, b"x"), ({"a": "1"}, b"")]


def test_header_names_lose_case_and_values_the_space_around_them():
    head = b"CONTENT-TYPE: \t application/dicom; transfer-syntax=1.2  \r\nX-Empty:\r\nx-twice:1\r\nX-Twice:2\r\n"
    payload = b"--B\r\n" + head + b"\r\n\r\n--B--"
    [(headers, _)] = read(SIMPLE, [payload])
    assert headers == {"content-type": "application/dicom; transfer-syntax=1.2", "x-empty": "", "x-twice": "1"}


@pytest.mark.parametrize(
    "content",
    [
        b"--B",
        b"\r--B\r\n",
        b"\n--B\r\n",
        b"\r\n--BB",
        b"\r\n--B-",
        b"\r\n--B-x\r\n--b--",
        b"\r\n--\r\n--A--\r\n-",
        b"\r\r\n\r\r\n",
        b"\r\n--B\r\r\n--B\rx",
        b"\r\n",
    ],
)
@pytest.mark.parametrize("piece", [1, 2, 3, 1 << 20])
def test_what_only_resembles_the_boundary_is_data(content, piece):
    payload = body("B", content, TWO)
    pieces = [payload[start : start + piece] for start in range(0, len(payload), piece)]
    assert [data for _, data in read(SIMPLE, pieces)] == [content, TWO]


def test_events_come_as_soon_as_they_are_certain_and_data_is_handed_on_whole():
    reader = MultipartReader(MediaType.parse(SIMPLE))
    assert reader.feed(b"--B\r\n") == []
    assert reader.feed(b"A: 1\r\n\r\n") == [PartBegin({"a": "1"})]
    chunk = bytes(100_000)
    [event] = reader.feed(chunk)
    assert isinstance(event, PartData)
    assert event.data is chunk
    assert reader.feed(b"\r\n--B") == []
    assert reader.feed(b"--") == [PartEnd()]
    assert reader.feed(b"epilogue") == []
    reader.close()


def test_a_body_without_any_part_is_read_as_such():
    assert read(SIMPLE, [b"--B--"]) == []


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"", "empty"),
        (b"\r\n", "does not begin with the boundary"),
        (b"--A\r\n\r\nx\r\n--A--", "does not begin with the boundary"),
        (b"PK\x03\x04" + bytes(MAXIMUM_PREAMBLE), "does not begin with the boundary"),
        (b"--B\nContent-Type: application/dicom\n\nx\n--B--\n", "CRLF"),
        (b"--B\r\nContent-Type: application/dicom\n\nx\r\n--B--", "CRLF"),
        (b"--B\r\n", "ended before"),
        (b"--B\r\nA: 1\r\n", "ended before"),
        (b"--B\r\n\r\nx", "ended before"),
        (b"--B\r\n\r\nx\r\n--B", "ended before"),
        (b"--B\r\n\r\nx\r\n--B\r\n\r\ny", "ended before"),
        (b"--B\r\nno colon\r\n\r\nx\r\n--B--", "malformed"),
        (b"--B\r\n: nameless\r\n\r\nx\r\n--B--", "malformed"),
        (b"--B\r\nA: 1\r\n folded\r\n\r\nx\r\n--B--", "malformed"),
        (b"--B\r\nA: 1\x002\r\n\r\nx\r\n--B--", "control character"),
        (b"--B\r\n\r\nx\r\n--B y\r\n", "malformed"),
    ],
)
@pytest.mark.parametrize("piece", [1, 1 << 20])
def test_a_broken_body_is_refused_with_a_reason(payload, message, piece):
    pieces = [payload[start : start + piece] for start in range(0, len(payload), piece)]
    with pytest.raises(MalformedRequest, match=message):
        read(SIMPLE, pieces)


LIMITS = MultipartLimits(parts=2, headers_per_part=2, header_bytes_per_part=20)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (body("B", ONE, ONE, ONE), None),
        (b"--B\r\n\r\n\r\n--B\r\n\r\n\r\n--B\r\n\r\n\r\n--B--", "more than 2 parts"),
        (b"--B\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\nx\r\n--B--", "more than 2 headers"),
        (b"--B\r\nA: " + b"v" * 20 + b"\r\n\r\nx\r\n--B--", "longer than 20 bytes"),
        (b"--B\r\nA: " + b"v" * 10 + b"\r\nB: " + b"v" * 10 + b"\r\n\r\nx\r\n--B--", "longer than 20 bytes"),
        (b"--B\r\n" + b"N" * 21 + b": v\r\n\r\nx\r\n--B--", "longer than 20 bytes"),
        (b"--B\r\nA: " + b"v" * 30, "longer than 20 bytes"),
    ],
)
def test_limits_are_kept(payload, message):
    reader = MultipartReader(MediaType.parse(SIMPLE), LIMITS)
    with pytest.raises(PayloadTooLarge, match=message):
        reader.feed(payload)


def test_what_stays_within_the_limits_passes():
    reader = MultipartReader(MediaType.parse(SIMPLE), LIMITS)
    events = reader.feed(
        b"--B\r\nA: 12345678\r\nB: 12345678\r\n\r\n\r\n--B\r\nA: 12345678\r\nB: 12345678\r\n\r\n\r\n--B--"
    )
    assert sum(isinstance(event, PartEnd) for event in events) == 2
