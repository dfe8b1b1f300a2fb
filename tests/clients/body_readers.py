"""How three clients take a multipart body apart. Each is stricter than the standard in a way of its own."""

from dataclasses import dataclass

HEAD_BYTES = 1000
"""In which the JavaScript client looks for the end of the first part's head."""


@dataclass(frozen=True, slots=True)
class ViewerFrame:
    """A frame and the Content-Type that stands above it."""

    content_type: str
    data: bytes


def read_as_javascript_client(body: bytes) -> list[bytes]:
    """The parts as dicomweb-client for JavaScript finds them: boundary from the first line, the first head for all."""
    boundary = body[: body.index(b"\r\n", 0, HEAD_BYTES)]
    assert boundary.startswith(b"--")
    head_length = body.index(b"\r\n\r\n", 0, HEAD_BYTES) + 4
    parts = []
    start = 0
    while (stop := body.find(boundary, start + len(boundary))) >= 0:
        parts.append(body[start + head_length : stop - 2])
        start = stop
    assert body[start + len(boundary) :].startswith(b"--")
    return parts


def read_as_cornerstone(body: bytes) -> ViewerFrame:
    """The one part as cornerstone's image loader finds it: names of headers in these capitals, the bare boundary."""
    head_end = body.index(b"\r\n\r\n")
    lines = body[:head_end].decode("ascii").split("\r\n")
    [boundary] = [line for line in lines if line.startswith("--")]
    [content_type] = [line.removeprefix("Content-Type:").strip() for line in lines if line.startswith("Content-Type:")]
    stop = body.index(boundary.encode("ascii"), head_end + 4)
    return ViewerFrame(content_type, body[head_end + 4 : stop - 2])


def read_as_dicomtrolley(body: bytes, content_type: str) -> list[bytes]:
    """The parts as dicomtrolley finds them: whatever stands between boundaries must have a head."""
    boundary = b"--" + content_type.rpartition("boundary=")[2].strip('"').encode("ascii")
    parts = []
    for piece in body.split(boundary):
        if piece in {b"", b"--", b"--\r\n"}:
            continue
        head, blank_line, content = piece.partition(b"\r\n\r\n")
        assert blank_line, "content does not contain CR-LF-CR-LF"
        assert head.startswith(b"\r\n")
        parts.append(content)
    return parts
