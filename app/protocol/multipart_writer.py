"""The bytes of a multipart/related answer around the bodies of its parts (RFC 2046 5.1, RFC 2387, PS3.18 8.6.1.2).

What is fixed here, clients depend on: the body begins with the boundary itself and ends right after the closing
boundary, ``Content-Type`` is spelled so and stands first in each part, and lines end with CRLF.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from app.protocol.media_type import MediaType


@dataclass(frozen=True, slots=True)
class Part:
    """A part before its body: its media type, the length of its body in bytes, and further headers."""

    content_type: MediaType
    length: int
    headers: tuple[tuple[str, str], ...] = ()


def new_boundary() -> str:
    """A random boundary of 32 hexadecimal digits: clients search for it bare, so it must occur in no body."""
    return secrets.token_hex(16)


def multipart_related(part_type: MediaType, boundary: str) -> MediaType:
    """The Content-Type of the answer (RFC 2387 3)."""
    return MediaType("multipart", "related", (("type", part_type.essence), ("boundary", boundary)))


def part_head(part: Part, boundary: str, *, first: bool) -> bytes:
    """What stands before the body of a part: the delimiter and the headers."""
    delimiter = f"--{boundary}\r\n" if first else f"\r\n--{boundary}\r\n"
    headers = (("Content-Type", str(part.content_type)), *part.headers)
    return (delimiter + "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n").encode("latin-1")


def closing_delimiter(boundary: str) -> bytes:
    """What stands behind the body of the last part."""
    return f"\r\n--{boundary}--".encode("latin-1")


@dataclass(frozen=True)
class MultipartLayout:
    """An answer all of whose parts (one at least) are known before its first byte leaves."""

    boundary: str
    parts: Sequence[Part]

    @cached_property
    def heads(self) -> list[bytes]:
        """What to send before the body of each part."""
        return [part_head(part, self.boundary, first=index == 0) for index, part in enumerate(self.parts)]

    @cached_property
    def tail(self) -> bytes:
        """What to send behind the last body."""
        return closing_delimiter(self.boundary)

    @cached_property
    def content_length(self) -> int:
        """The length of the whole answer in bytes."""
        return sum(map(len, self.heads)) + sum(part.length for part in self.parts) + len(self.tail)
