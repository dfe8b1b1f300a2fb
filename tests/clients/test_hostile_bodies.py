"""Bodies that mean harm: each is refused, or fails by itself; the server lives on, and stays small."""

import gzip
import re
import socket
import struct
import zlib
from collections.abc import Iterator
from itertools import repeat

import pytest
from pydicom.dataset import Dataset

from tests.clients.raw_http import RawAnswer, connect, get, post_pieces, send
from tests.examples import new_instance, part10
from tests.live_server import LiveServer, live_server
from tests.multipart_requests import BOUNDARY, CONTENT_TYPE, BodyStyle, RequestPart, parts_body, store_body
from tests.server_memory import measured_growth

MEGABYTE = 1 << 20
BOUND = 96 * MEGABYTE
"""Growth that is let pass: the bodies below would take some hundred megabytes to terabytes, were they believed."""

DOCUMENT_BOUND = 512 * MEGABYTE
"""The same for metadata in JSON and XML: each part is read as a whole, which takes many times its length."""

BODY_LIMIT = 300 * MEGABYTE
METADATA_LIMIT = 64 * MEGABYTE
PARTS_LIMIT = 2_000
ROUNDS = 200

JSON = f'multipart/related; type="application/dicom+json"; boundary="{BOUNDARY}"'
XML = f'multipart/related; type="application/dicom+xml"; boundary="{BOUNDARY}"'
DEFLATED = b"1.2.840.10008.1.2.1.99"
UNDEFINED_LENGTH = 0xFFFFFFFF
SEQUENCE = struct.pack("<HH2sHL", 0x0040, 0xA730, b"SQ", 0, UNDEFINED_LENGTH)
ITEM = struct.pack("<HHL", 0xFFFE, 0xE000, UNDEFINED_LENGTH)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The server that all of it is thrown at; in the end it has no fault in its log."""
    server = live_server(
        tmp_path_factory.mktemp("target") / "data",
        FOVEA_LIMITS__BODY_BYTES=str(BODY_LIMIT),
        FOVEA_LIMITS__METADATA_BYTES=str(METADATA_LIMIT),
        FOVEA_LIMITS__PARTS=str(PARTS_LIMIT),
    )
    with server as started:
        # What is loaded with the first request is no growth.
        assert store(started, part10(new_instance())).status == 200
        yield started
        started.assert_without_fault()


@pytest.fixture(autouse=True)
def the_server_lives_on(target: LiveServer, request: pytest.FixtureRequest) -> Iterator[None]:
    """After each body: the memory stayed bounded, nothing is staged, and an instance can be stored and read."""
    with measured_growth(target) as growth:
        yield
    assert growth.bytes < (DOCUMENT_BOUND if "document" in request.fixturenames else BOUND)
    assert staged_files(target) == []
    instance = new_instance()
    assert store(target, part10(instance)).status == 200
    uids = instance.StudyInstanceUID, instance.SeriesInstanceUID, instance.SOPInstanceUID
    [part] = get(target, "/studies/{}/series/{}/instances/{}".format(*uids)).parts()
    assert part.body == part10(instance)


def staged_files(server: LiveServer) -> list[str]:
    """Bytes on their way in, whose files have names of 16 digits: locks and notes of what is placed are none.

    A client that goes away may look sooner than the server; a few other requests give it the time.
    """
    for _ in range(ROUNDS):
        names = [path.name for path in (server.data / "staging").rglob("*")]
        staged = [name for name in names if re.fullmatch("[0-9a-f]{16}", name)]
        if not staged:
            break
        get(server, "/studies?limit=1")
    return staged


def store(server: LiveServer, *files: bytes) -> RawAnswer:
    return send(server, "POST", "/studies", {"Content-Type": CONTENT_TYPE}, store_body(files))


def store_metadata(server: LiveServer, content_type: str, document: bytes) -> RawAnswer:
    kind = b"json" if content_type == JSON else b"xml"
    part = RequestPart(b"Content-Type: application/dicom+" + kind + b"\r\n", document)
    return send(server, "POST", "/studies", {"Content-Type": content_type}, parts_body([part]))


def reason_of(answer: RawAnswer) -> int:
    """The FailureReason of the one instance of a request."""
    assert answer.status == 409, answer.body
    [item] = answer.json()["00081198"]["Value"]
    reason: int = item["00081197"]["Value"][0]
    return reason


def file_with(data_set: bytes, transfer_syntax: bytes = b"1.2.840.10008.1.2.1") -> bytes:
    """A file whose data set is these bytes."""
    uid = transfer_syntax + b"\0" * (len(transfer_syntax) % 2)
    meta = struct.pack("<HH2sH", 0x0002, 0x0010, b"UI", len(uid)) + uid
    return bytes(128) + b"DICM" + struct.pack("<HH2sHL", 0x0002, 0, b"UL", 4, len(meta)) + meta + data_set


def short(tag: int, vr: bytes, value: bytes) -> bytes:
    value += b"\0" * (len(value) % 2)
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def long_header(tag: int, vr: bytes, length: int) -> bytes:
    return struct.pack("<HH2sHL", tag >> 16, tag & 0xFFFF, vr, 0, length)


def identity() -> bytes:
    uids = new_instance()
    return short(0x00080016, b"UI", uids.SOPClassUID.encode()) + short(0x00080018, b"UI", uids.SOPInstanceUID.encode())


# Files


@pytest.mark.parametrize(
    "data_set",
    [
        (SEQUENCE + ITEM) * 5_000,
        (SEQUENCE + ITEM) * 500_000,
        long_header(0x0040A730, b"SQ", 80_000) + (struct.pack("<HHL", 0xFFFE, 0xE000, 70_000) + SEQUENCE) * 3_000,
        SEQUENCE + ITEM * 1_000_000,
        SEQUENCE + struct.pack("<HHL", 0xFFFE, 0xE000, 0) * 1_000_000,
    ],
    ids=["thousands of levels", "half a million levels", "levels of defined length", "items", "empty items"],
)
def test_nesting_without_end(target: LiveServer, data_set: bytes) -> None:
    assert reason_of(store(target, file_with(identity() + data_set))) in {0xA700, 0xA900, 0xC000}


@pytest.mark.parametrize(
    "data_set",
    [
        long_header(0x7FE00010, b"OW", 0xFFFFFFFE),
        long_header(0x00080005, b"UT", 0xFFFFFFF0),
        long_header(0x00281201, b"OW", 0x7FFFFFFF) + b"few",
        long_header(0x7FE00010, b"OB", UNDEFINED_LENGTH) + struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFF0),
        short(0x00280008, b"IS", b"2147483647") + long_header(0x7FE00010, b"OW", 4) + bytes(4),
        short(0x00280010, b"US", b"\xff\xff") + short(0x00280011, b"US", b"\xff\xff") + b"\xe0\x7f\x10\x00OW",
        struct.pack("<HHL", 0x0040, 0xA730, 0xFFFFFFF0),
    ],
    ids=["4 GB in 40 bytes", "text", "table", "fragment", "frames", "size of a frame", "implicit"],
)
def test_lengths_that_lie(target: LiveServer, data_set: bytes) -> None:
    answer = store(target, file_with(identity() + data_set))
    assert reason_of(answer) in {0xA700, 0xA900, 0xC000}


def test_a_deflate_bomb(target: LiveServer) -> None:
    bomb = deflated(identity() + long_header(0x7FE00010, b"OW", 0xFFFFFFFE)) + 200 * deflated(bytes(10 * MEGABYTE))
    assert len(bomb) < 3 * MEGABYTE
    assert reason_of(store(target, file_with(bomb, DEFLATED))) in {0xA700, 0xA900, 0xC000}


def test_a_deflate_bomb_of_elements(target: LiveServer) -> None:
    elements = b"".join(short(0x00091000 + number, b"LO", b"x") for number in range(0x1000))
    bomb = deflated(identity()) + 2_000 * deflated(elements)
    assert reason_of(store(target, file_with(bomb, DEFLATED))) in {0xA700, 0xA900, 0xC000}


def deflated(data: bytes) -> bytes:
    """A piece of deflated data that can be put before and behind others."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush(zlib.Z_FULL_FLUSH)


def test_names_that_are_long(target: LiveServer) -> None:
    name = long_header(0x00100010, b"UN", 20 * MEGABYTE) + b"x" * (20 * MEGABYTE)
    answer = store(target, file_with(identity() + name))
    assert reason_of(answer) in {0xA700, 0xA900, 0xC000}
    assert len(answer.body) < 2_000


# Parts


def refused_parts(count: int, size: int) -> Iterator[bytes]:
    piece = f"\r\n--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode() + b"x" * size
    yield from repeat(piece, count)
    yield f"\r\n--{BOUNDARY}--".encode()


def test_thousands_of_empty_parts(target: LiveServer) -> None:
    answer = post_pieces(target, "/studies", CONTENT_TYPE, refused_parts(PARTS_LIMIT, 0))
    assert answer.status == 409
    assert len(answer.json()["00081198"]["Value"]) == PARTS_LIMIT


def test_more_parts_than_the_limit(target: LiveServer) -> None:
    assert post_pieces(target, "/studies", CONTENT_TYPE, refused_parts(200_000, 0)).status == 413


def test_parts_that_are_no_instances_are_not_held_in_memory(target: LiveServer) -> None:
    """Each as large as what may be held of one that is on its way in."""
    answer = post_pieces(target, "/studies", CONTENT_TYPE, refused_parts(250, MEGABYTE - 1_000))
    assert len(answer.json()["00081198"]["Value"]) == 250


def test_bulk_data_in_many_parts_are_not_held_in_memory(target: LiveServer) -> None:
    def pieces() -> Iterator[bytes]:
        for number in range(250):
            yield f"\r\n--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Location: {number}\r\n\r\n".encode()
            yield b"x" * (MEGABYTE - 1_000)
        yield f"\r\n--{BOUNDARY}\r\nContent-Type: application/dicom+json\r\n\r\n[{{}}]\r\n--{BOUNDARY}--".encode()

    assert reason_of(post_pieces(target, "/studies", JSON, pieces())) == 0xA900


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Type: " + b"a" * 10_000_000,
        b"X" * 10_000_000,
        b"X: y\r\n" * 1_000_000,
        b'Content-Type: application/dicom; a="' + b"\\" * 5_000 + b"\r\n",
        b"Content-Type: application/dicom" + b";a" * 2_000 + b"\r\n",
        b": \r\n",
        b"\0\0\0\r\n",
        b"Content-Type\xff: application/dicom\r\n",
    ],
    ids=["value", "name", "number", "backslashes", "parameters", "nameless", "zeros", "no ascii"],
)
def test_headers_of_a_part(target: LiveServer, head: bytes) -> None:
    body = store_body([b"x"], BodyStyle(part_headers=head))
    answer = post_pieces(target, "/studies", CONTENT_TYPE, [body])
    assert answer.status in {400, 409, 413, 415}


def test_a_preamble_without_end(target: LiveServer) -> None:
    assert post_pieces(target, "/studies", CONTENT_TYPE, repeat(b"--not it\r\n" * 10_000, 1_000)).status == 400


def test_a_content_type_that_is_long(target: LiveServer) -> None:
    content_type = "multipart/related; boundary=b" + ";" * 30_000
    assert send(target, "POST", "/studies", {"Content-Type": content_type}, b"--b--").status in {400, 415, 431}


# Metadata


def lolz() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE l [<!ENTITY l0 "lol">{entities}]><NativeDicomModel>&l9;</NativeDicomModel>'.encode()


EXTERNAL = b'<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><NativeDicomModel>&x;</NativeDicomModel>'
SEQUENCE_XML = b'<DicomAttribute tag="0040A730" vr="SQ"><Item number="1">'


@pytest.mark.parametrize(
    "document",
    [
        lolz(),
        EXTERNAL,
        lolz().decode().encode("utf-16"),
        b"<NativeDicomModel>" + SEQUENCE_XML * 100_000,
        b"<NativeDicomModel>" + b"<a/>" * 5_000_000 + b"</NativeDicomModel>",
        b"<a>" * 1_500_000,
        b"<NativeDicomModel " + b" ".join(b'a%d=""' % n for n in range(300_000)) + b"/>",
    ],
    ids=["entities", "external entity", "utf-16", "deep sequences", "empty tags", "deep tags", "attributes"],
)
def test_metadata_in_xml(target: LiveServer, document: bytes) -> None:
    answer = store_metadata(target, XML, document)
    assert answer.status in {400, 409}
    assert b"root:" not in answer.body


@pytest.mark.parametrize(
    "document",
    [
        b"[" * 1_000_000,
        b'[{"0040A730":{"vr":"SQ","Value":' * 200_000,
        b"[" * 900 + b"]" * 900,
        b"[" + b"{}," * 8_000_000 + b"{}]",
        b'[{"00080018":{"vr":"UI","Value":[' + b"[]," * 8_000_000 + b"[]]}}]",
        b'[{"00080018":{"vr":"UI","Value":[' + b'"",' * 8_000_000 + b'""]}}]',
        b'{"a":1' + b"0" * 10_000_000 + b"}",
    ],
    ids=["deep", "deep sequences", "deep and closed", "instances", "arrays", "texts", "digits"],
)
def test_metadata_in_json(target: LiveServer, document: bytes) -> None:
    answer = store_metadata(target, JSON, document)
    assert answer.status in {400, 409, 413}
    assert len(answer.body) < 5_000


def test_metadata_in_json_that_nest_deeper_than_the_limit(target: LiveServer) -> None:
    levels = 300
    item = b'{"0040A730":{"vr":"SQ","Value":[' * levels + b"{}" + b"]}}" * levels
    assert reason_of(store_metadata(target, JSON, b"[" + item + b"]")) == 0xA700


def test_bulk_data_that_are_named_again_and_again(target: LiveServer) -> None:
    """A few received bytes would become a file of a terabyte."""
    attributes = (f'"0009{number:04X}":{{"vr":"OB","BulkDataURI":"x"}}' for number in range(0x1000, 0x9000))
    uids = '"00080016":{"vr":"UI","Value":["1.2"]},"00080018":{"vr":"UI","Value":["1.2.3"]}'
    document = RequestPart(
        b"Content-Type: application/dicom+json\r\n", f"[{{{','.join([uids, *attributes])}}}]".encode()
    )
    headers = b"Content-Type: application/octet-stream\r\nContent-Location: x\r\n"
    body = parts_body([document, RequestPart(headers, bytes(32 * MEGABYTE))])
    answer = send(target, "POST", "/studies", {"Content-Type": JSON}, body)
    assert reason_of(answer) == 0xA700
    assert answer.json()["00081198"]["Value"][0]["00081155"]["Value"] == ["1.2.3"]


def test_metadata_longer_than_the_limit(target: LiveServer) -> None:
    def pieces() -> Iterator[bytes]:
        yield f"\r\n--{BOUNDARY}\r\nContent-Type: application/dicom+json\r\n\r\n".encode()
        yield from repeat(b" " * MEGABYTE, 500)

    assert post_pieces(target, "/studies", JSON, pieces()).status == 413


# Codings, lengths, and connections


def test_a_gzip_bomb(target: LiveServer) -> None:
    headers = {"Content-Type": CONTENT_TYPE, "Content-Encoding": "gzip"}
    file = f"\r\n--{BOUNDARY}\r\n\r\n".encode()
    bomb = gzip.compress(file) + gzip.compress(bytes(10 * MEGABYTE)) * 1_000
    assert send(target, "POST", "/studies", headers, bomb).status == 413


def head(length: str, *more: str) -> bytes:
    lines = ["POST /dicom-web/studies HTTP/1.1", "Host: x", f"Content-Type: {CONTENT_TYPE}", length, *more, "", ""]
    return "\r\n".join(lines).encode()


def status_of(connection: socket.socket) -> int | None:
    """The status of the answer; None when the connection ends without one."""
    answer = bytearray()
    while b"\r\n" not in answer and (piece := connection.recv(4_096)):
        answer += piece
    return int(answer.split(b" ")[1]) if answer else None


@pytest.mark.parametrize(
    "length",
    [
        "Content-Length: -1",
        "Content-Length: 10, 20",
        "Content-Length: 1e9",
        "Content-Length: 99999999999999999999999999",
        "Content-Length: \u0661",
        "Transfer-Encoding: gzip",
        f"Content-Length: {BODY_LIMIT + 1}",
    ],
)
def test_a_length_that_is_none_or_beyond_the_limit(target: LiveServer, length: str) -> None:
    with connect(target) as connection:
        connection.sendall(head(length))
        connection.shutdown(socket.SHUT_WR)
        assert status_of(connection) in {400, 411, 413, 501}


def test_413_comes_before_the_body_to_who_waits_for_100_continue(target: LiveServer) -> None:
    with connect(target) as connection:
        connection.sendall(head(f"Content-Length: {BODY_LIMIT + 1}", "Expect: 100-continue"))
        assert status_of(connection) == 413


@pytest.mark.parametrize("declared_too_short", [True, False])
def test_a_wrong_content_length(target: LiveServer, declared_too_short: bool) -> None:
    body = store_body([part10(new_instance())])
    length = len(body) // 2 if declared_too_short else 2 * len(body)
    with connect(target) as connection:
        connection.sendall(head(f"Content-Length: {length}") + body)
        connection.shutdown(socket.SHUT_WR)
        assert status_of(connection) in {400, None}


@pytest.mark.parametrize("chunk", [b"zz\r\n", b"-5\r\n", b"ffffffffffffffffffff\r\n", b"5\r\nabcdefgh\r\n"])
def test_chunks_that_are_none(target: LiveServer, chunk: bytes) -> None:
    with connect(target) as connection:
        connection.sendall(head("Transfer-Encoding: chunked") + chunk)
        connection.shutdown(socket.SHUT_WR)
        assert status_of(connection) in {400, None}


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_truncated_upload_leaves_nothing(target: LiveServer, share: float) -> None:
    body = store_body([part10(new_instance()), part10(new_instance(PixelData=bytes(4 * MEGABYTE)))])
    with connect(target) as connection:
        connection.sendall(head(f"Content-Length: {len(body)}") + body[: int(len(body) * share)])
        connection.shutdown(socket.SHUT_WR)
        assert status_of(connection) in {400, None}


def test_single_bytes_that_trickle_in(target: LiveServer) -> None:
    """Other clients are served meanwhile, and the instance is stored in the end."""
    instance = new_instance(PixelData=b"", Rows=0, Columns=0)
    for element in list(instance):
        if element.tag.group not in {0x0008, 0x0020}:
            del instance[element.tag]
    body = store_body([part10(instance)])
    with connect(target) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(head(f"Content-Length: {len(body)}"))
        for number in range(len(body)):
            connection.send(body[number : number + 1])
            if number % 200 == 0:
                assert get(target, "/studies?limit=1").status == 200
        assert status_of(connection) == 200


def test_connections_that_say_nothing_do_not_hold_up_others(target: LiveServer) -> None:
    connections = [connect(target) for _ in range(100)]
    try:
        for connection in connections:
            connection.sendall(head(f"Content-Length: {MEGABYTE}"))
        assert store(target, part10(new_instance())).status == 200
    finally:
        for connection in connections:
            connection.close()


def test_lone_surrogates_and_controls_in_texts_do_not_break_the_answer(target: LiveServer) -> None:
    instance: Dataset = new_instance()
    file = part10(instance).replace(b"CompressedSamples^CT1", b'\xed\xa0\x80\x00\x01\x1b$B\xff\xfe<&"^\\\\=x')
    answer = store(target, file)
    assert answer.status in {200, 409}
    assert get(target, f"/studies/{instance.StudyInstanceUID}/metadata").status in {200, 404}
