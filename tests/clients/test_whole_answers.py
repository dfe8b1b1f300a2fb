"""An answer is sent in one piece where it can be, and in order and whole where it cannot."""

import re
import socket
import struct

from tests.clients.raw_http import get
from tests.examples import NATIVE, example, examples
from tests.live_server import LiveServer
from tests.test_supervision import wait_until


def request(path: str, *headers: str) -> bytes:
    lines = (f"GET {path} HTTP/1.1", "Host: localhost", *headers)
    return "\r\n".join((*lines, "", "")).encode()


def connect(server: LiveServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), 30)


def segments_received(client: socket.socket) -> int:
    """The TCP segments with data that have come (tcpi_data_segs_in of Linux)."""
    told = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 156)
    return int(struct.unpack_from("I", told, 152)[0])


def test_head_and_body_of_a_small_answer_come_together(server: LiveServer) -> None:
    with connect(server) as client:
        for number in range(20):
            client.sendall(request("/health"))
            assert client.recv(10_000).endswith(b'{"status":"ok"}')
            assert segments_received(client) == number + 1


def test_answers_to_requests_sent_at_once_come_in_their_order(server: LiveServer) -> None:
    paths = ["/health", "/dicom-web/studies?limit=0", "/nowhere", "/health"] * 5
    with connect(server) as client:
        client.sendall(b"".join(map(request, paths[:-1])) + request(paths[-1], "Connection: close"))
        answers = b"".join(iter(lambda: client.recv(10_000), b""))
    statuses = re.findall(rb"HTTP/1\.1 (\d{3})", answers)
    assert statuses == [b"404" if path == "/nowhere" else b"200" for path in paths]


def test_what_is_longer_than_is_kept_back_comes_whole_and_in_order(example_server: LiveServer) -> None:
    source = max(examples(), key=lambda source: source.path.stat().st_size)
    stored = source.path.read_bytes()
    assert len(stored) > 200_000
    with connect(example_server) as client:
        for accept in ("application/dicom; transfer-syntax=*",) * 3:
            client.sendall(request(f"/dicom-web{source.url_path}", f"Accept: {accept}"))
            answer = b""
            while len(answer.partition(b"\r\n\r\n")[2]) < len(stored):
                answer += client.recv(5_000)
            assert answer.partition(b"\r\n\r\n")[2] == stored


def test_clients_that_break_off_before_they_read_leave_no_trace_in_the_log(example_server: LiveServer) -> None:
    path = f"/dicom-web{example(NATIVE).url_path}/metadata"
    for _ in range(50):
        with connect(example_server) as client:
            client.sendall(request(path) * 5)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, not an end
    assert get(example_server, "/studies?limit=1").status == 200
    wait_until(lambda: "/metadata 200" in example_server.log.read_text())
    example_server.assert_without_fault()
