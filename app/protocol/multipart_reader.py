"""A multipart body as a stream of events, whatever pieces it arrives in (RFC 2046 5.1, PS3.18 8.6.1.2).

python-multipart finds the parts. Here stand what it leaves out: preambles, the padding behind the first delimiter, the
end of the body, limits, and messages for the client. Lines end with CRLF; a body with bare LF is refused.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from app.protocol.errors import MalformedRequest, PayloadTooLarge
from app.protocol.media_type import MediaType

MAXIMUM_PREAMBLE = 4_096
"""Bytes before the first part, delimiter included: real clients send a CRLF or none, mail programs a sentence."""

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,199}[0-9A-Za-z'()+_,./:=?-]")
"""RFC 2046 5.1.1, but for the length: it allows 70 characters, and Orthanc sends 73 (two GUIDs and a hyphen)."""

_DELIMITER_END = re.compile(rb"(--)|[ \t]*\r\n")
_CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class MultipartLimits:
    """What a body may ask of the reader; sizes in bytes. The bodies of the parts are bounded by who takes them."""

    parts: int = 100_000
    """Above the largest series that a client sends in one request."""
    headers_per_part: int = 16
    """PS3.18 8.6.1.2 knows five."""
    header_bytes_per_part: int = 8_192
    """What HTTP servers commonly allow for one header field."""


@dataclass(frozen=True, slots=True)
class PartBegin:
    """The headers of a part: names in lower case; of a repeated header the first value."""

    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PartData:
    """Some bytes of the body of a part, never none."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PartEnd:
    """The part is complete."""


Event = PartBegin | PartData | PartEnd


class MultipartReader:
    """Bytes in, events out: ``feed`` each piece of the body, then ``close``."""

    def __init__(self, content_type: MediaType, limits: MultipartLimits | None = None) -> None:
        """Read the boundary from the request's Content-Type. Raises MalformedRequest when there is no valid one."""
        boundary = _boundary(content_type)
        self._collector = _Collector(limits or MultipartLimits())
        self._parser = _parser(boundary, self._collector)
        self._delimiter = b"--" + boundary
        self._before_first_part: bytearray | None = bytearray()

    def feed(self, data: bytes) -> list[Event]:
        """The events that this piece completes. Raises MalformedRequest, PayloadTooLarge."""
        if self._before_first_part is not None:
            data = self._skip_preamble(self._before_first_part, data)
        if data and not self._collector.ended:
            self._parse(data)
        return self._collector.take()

    def close(self) -> None:
        """The body is at its end. Raises MalformedRequest when its parts are not."""
        if self._before_first_part is not None:
            raise MalformedRequest(self._why_no_part(self._before_first_part))
        if not self._collector.ended:
            raise MalformedRequest("The multipart body ended before its closing boundary")

    def _skip_preamble(self, seen: bytearray, data: bytes) -> bytes:
        """What follows the first delimiter, once it is there."""
        seen += data
        match = self._first_delimiter(seen)
        if match is None:
            if len(seen) >= MAXIMUM_PREAMBLE:
                raise MalformedRequest(self._why_no_part(seen))
            return b""
        self._before_first_part = None
        if match[1]:
            self._collector.on_end()
        else:
            self._parse(self._delimiter + b"\r\n")
        return bytes(seen[match.end() :])

    def _first_delimiter(self, seen: bytearray) -> re.Match[bytes] | None:
        """What ends the first delimiter, which begins the body or a line of the preamble."""
        at = seen.find(self._delimiter, 0, MAXIMUM_PREAMBLE)
        while at >= 0:
            match = _DELIMITER_END.match(seen, at + len(self._delimiter), MAXIMUM_PREAMBLE)
            if match and (at == 0 or seen.startswith(b"\r\n", at - 2)):
                return match
            at = seen.find(self._delimiter, at + 1, MAXIMUM_PREAMBLE)
        return None

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.write(data)
        except FormParserError as error:
            # The parser's own words count from the start of a piece, which means nothing to the client.
            where = f"the headers of part {self._collector.parts} or the boundary behind it"
            raise MalformedRequest(f"The multipart body is malformed: see {where}") from error

    def _why_no_part(self, seen: bytearray) -> str:
        if not seen:
            return "The body is empty, but Content-Type says multipart"
        if self._delimiter + b"\n" in seen:
            return "The lines of the multipart body end with LF; they must end with CRLF"
        return "The multipart body does not begin with the boundary that Content-Type names"


@dataclass(slots=True)
class _Collector:
    """Takes the parser's callbacks, counts, and turns them into events."""

    limits: MultipartLimits
    parts: int = 0
    ended: bool = False
    _events: list[Event] = field(default_factory=list)
    _headers: dict[str, str] = field(default_factory=dict)
    _header_count: int = 0
    _header_bytes: int = 0
    _name: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)

    def take(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def on_part_begin(self) -> None:
        self.parts += 1
        if self.parts > self.limits.parts:
            raise PayloadTooLarge(f"The multipart body has more than {self.limits.parts} parts")
        self._headers, self._header_count, self._header_bytes = {}, 0, 0

    def on_header_begin(self) -> None:
        self._header_count += 1
        if self._header_count > self.limits.headers_per_part:
            raise PayloadTooLarge(f"Part {self.parts} has more than {self.limits.headers_per_part} headers")

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._count_header_bytes(end - start)
        self._name += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._count_header_bytes(end - start)
        self._value += data[start:end]

    def on_header_end(self) -> None:
        value = self._value.decode("latin-1").strip(" \t")
        if _CONTROL_CHARACTER.search(value):
            raise MalformedRequest(f"A header of part {self.parts} holds a control character; lines must end with CRLF")
        self._headers.setdefault(self._name.decode("latin-1").lower(), value)
        self._name.clear()
        self._value.clear()

    def on_headers_finished(self) -> None:
        self._events.append(PartBegin(self._headers))

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._events.append(PartData(data[start:end]))

    def on_part_end(self) -> None:
        self._events.append(PartEnd())

    def on_end(self) -> None:
        self.ended = True

    def _count_header_bytes(self, count: int) -> None:
        self._header_bytes += count
        if self._header_bytes > self.limits.header_bytes_per_part:
            limit = self.limits.header_bytes_per_part
            raise PayloadTooLarge(f"The headers of part {self.parts} are longer than {limit} bytes")


def _boundary(content_type: MediaType) -> bytes:
    boundary = content_type.parameter("boundary")
    if not boundary:
        raise MalformedRequest(f"Content-Type {content_type.essence} needs the parameter boundary")
    if not _BOUNDARY.fullmatch(boundary):
        raise MalformedRequest(f"This is not a boundary by RFC 2046 5.1.1: {boundary!r}")
    return boundary.encode("ascii")


def _parser(boundary: bytes, collector: _Collector) -> MultipartParser:
    """The parser with its own limits out of the way: the collector's are those that count."""
    return MultipartParser(
        boundary,
        {
            "on_part_begin": collector.on_part_begin,
            "on_header_begin": collector.on_header_begin,
            "on_header_field": collector.on_header_field,
            "on_header_value": collector.on_header_value,
            "on_header_end": collector.on_header_end,
            "on_headers_finished": collector.on_headers_finished,
            "on_part_data": collector.on_part_data,
            "on_part_end": collector.on_part_end,
            "on_end": collector.on_end,
        },
        max_header_count=sys.maxsize,
        max_header_size=sys.maxsize,
    )
