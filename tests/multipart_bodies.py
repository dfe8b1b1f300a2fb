"""Multipart bodies as real clients write them, and what a reader makes of them."""

from collections.abc import Iterable

from app.protocol.media_type import MediaType
from app.protocol.multipart_reader import Event, MultipartReader, PartBegin, PartData, PartEnd

DICOM_HEADERS = {"content-type": "application/dicom"}


def read(content_type: str, pieces: Iterable[bytes]) -> list[tuple[dict[str, str], bytes]]:
    """The headers and the body of each part, from a body that arrives in pieces."""
    reader = MultipartReader(MediaType.parse(content_type))
    events = [event for piece in pieces for event in reader.feed(piece)]
    reader.close()
    return collect(events)


def collect(events: Iterable[Event]) -> list[tuple[dict[str, str], bytes]]:
    """The parts that events tell of; fails when they come in a wrong order."""
    parts: list[tuple[dict[str, str], bytes]] = []
    open_part: tuple[dict[str, str], bytearray] | None = None
    for event in events:
        match event:
            case PartBegin(headers):
                assert open_part is None
                open_part = dict(headers), bytearray()
            case PartData(data):
                assert open_part is not None
                assert data
                open_part[1].extend(data)
            case PartEnd():
                assert open_part is not None
                parts.append((open_part[0], bytes(open_part[1])))
                open_part = None
    assert open_part is None
    return parts


def like_dicomweb_client(contents: Iterable[bytes], boundary: str, part_type: str = "application/dicom") -> bytes:
    """As the Python client of DICOMweb joins them: a CRLF in front, none at the end."""
    head = f"\r\n--{boundary}\r\nContent-Type: {part_type}\r\n\r\n".encode("ascii")
    return b"".join(head + content for content in contents) + f"\r\n--{boundary}--".encode("ascii")
