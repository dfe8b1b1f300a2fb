"""A strict reader of multipart answers: what every client can read, and nothing more lenient (RFC 2046 5.1)."""

import re
from dataclasses import dataclass

import requests


@dataclass(frozen=True, slots=True)
class AnswerPart:
    """One part: its headers by lower-case name, and its bytes."""

    headers: dict[str, str]
    body: bytes


def boundary_of(content_type: str) -> str:
    """The boundary that a Content-Type names."""
    media_type, *parameters = [piece.strip() for piece in content_type.split(";")]
    assert media_type == "multipart/related"
    [boundary] = [value.strip('"') for name, _, value in (p.partition("=") for p in parameters) if name == "boundary"]
    return boundary


def read_parts(answer: requests.Response) -> list[AnswerPart]:
    """The parts of an answer that must be multipart/related and complete."""
    assert answer.ok, (answer.status_code, answer.text[:500])
    return split_parts(answer.content, boundary_of(answer.headers["Content-Type"]))


def split_parts(content: bytes, boundary: str) -> list[AnswerPart]:
    """The parts between delimiters, without preamble or epilogue."""
    delimiter = b"--" + boundary.encode("ascii")
    assert content.startswith(delimiter + b"\r\n"), content[:100]
    assert re.search(rb"\r\n" + re.escape(delimiter) + rb"--(\r\n)?\Z", content), content[-100:]
    pieces = (b"\r\n" + content).split(b"\r\n" + delimiter)
    assert pieces[0] == b""
    assert pieces[-1] in {b"--", b"--\r\n"}
    return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> AnswerPart:
    head, blank_line, body = piece.partition(b"\r\n\r\n")
    assert blank_line
    assert head.startswith(b"\r\n")
    lines = head[2:].decode("ascii").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return AnswerPart(headers, body)
