"""Requests to the byte: what a client library would put right on its own is sent as it is written."""

import json
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from tests.live_server import LiveServer
from tests.multipart_answers import AnswerPart, boundary_of, split_parts

TIMEOUT_SECONDS = 20
"""As long as the Python client of DICOMweb waits."""


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """Status, headers by lower-case name, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        """The Content-Type as it was sent."""
        return self.headers.get("content-type", "")

    def json(self) -> Any:
        """The body, which must be JSON."""
        return json.loads(self.body)

    def parts(self) -> list[AnswerPart]:
        """The parts of a body that must be multipart."""
        return split_parts(self.body, boundary_of(self.content_type))


def get(server: LiveServer, target: str, **headers: str) -> RawAnswer:
    """GET of a path below the DICOMweb root, or of an absolute URL, with no header but those given and Host."""
    return send(server, "GET", target, headers)


def send(
    server: LiveServer, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> RawAnswer:
    """One request on a connection of its own; ``_`` in the name of a header stands for ``-``."""
    path = target.removeprefix(server.origin) if target.startswith("http") else urlsplit(server.root).path + target
    sent = {"Host": f"127.0.0.1:{server.port}"} | {
        name.replace("_", "-"): value for name, value in (headers or {}).items()
    }
    connection = HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.items():
            connection.putheader(name, value)
        if body is not None and "Transfer-Encoding" not in sent:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        return RawAnswer(
            response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        )
    finally:
        connection.close()


def post_pieces(server: LiveServer, target: str, content_type: str, pieces: Iterable[bytes]) -> RawAnswer:
    """POST of a body that is made while it is sent, in the chunked transfer coding.

    The server may answer before all is sent, and need not take the rest.
    """
    connection = HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_SECONDS)
    path = urlsplit(server.root).path + target
    try:
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request("POST", path, iter(pieces), {"Content-Type": content_type}, encode_chunked=True)
        response = connection.getresponse()
        return RawAnswer(
            response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        )
    finally:
        connection.close()


def chunked(body: bytes, size: int) -> bytes:
    """A body in the chunked transfer coding (RFC 9112 7.1)."""
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def connect(server: LiveServer) -> socket.socket:
    """A connection for requests whose timing matters."""
    return socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_SECONDS)
