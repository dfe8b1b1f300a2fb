"""Bodies of store requests as real clients write them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

BOUNDARY = "0f3cf5c0-70e0-41ef-baef-c6f9f65ec3e1"
"""The one that the Python client of DICOMweb always sends."""

CONTENT_TYPE = f'multipart/related; type="application/dicom"; boundary="{BOUNDARY}"'


class RequestPart(NamedTuple):
    """One part: its header lines, each with its CRLF, and its body."""

    headers: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class BodyStyle:
    """What clients write differently."""

    boundary: str = BOUNDARY
    before: bytes = b"\r\n"
    after: bytes = b""
    part_headers: bytes = b"Content-Type: application/dicom\r\n"


def store_body(instances: Iterable[bytes], style: BodyStyle | None = None) -> bytes:
    """Instances as the parts of a body; as the Python client does, when no style is given."""
    style = style or BodyStyle()
    return parts_body((RequestPart(style.part_headers, instance) for instance in instances), style)


def parts_body(parts: Iterable[RequestPart], style: BodyStyle | None = None) -> bytes:
    """Parts with headers of their own as a body."""
    style = style or BodyStyle()
    delimiter = b"--" + style.boundary.encode("ascii")
    written = [delimiter + b"\r\n" + part.headers + b"\r\n" + part.body + b"\r\n" for part in parts]
    return style.before + b"".join(written) + delimiter + b"--" + style.after
