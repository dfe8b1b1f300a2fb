"""Bodies of store requests as real clients write them."""

from collections.abc import Iterable
from dataclasses import dataclass

BOUNDARY = "0f3cf5c0-70e0-41ef-baef-c6f9f65ec3e1"
"""The one that the Python client of DICOMweb always sends."""

CONTENT_TYPE = f'multipart/related; type="application/dicom"; boundary="{BOUNDARY}"'


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
    delimiter = b"--" + style.boundary.encode("ascii")
    parts = [delimiter + b"\r\n" + style.part_headers + b"\r\n" + instance + b"\r\n" for instance in instances]
    return style.before + b"".join(parts) + delimiter + b"--" + style.after
