import re

from app.protocol.media_type import MediaType
from app.protocol.multipart_writer import (
    MultipartLayout,
    Part,
    closing_delimiter,
    multipart_related,
    new_boundary,
    part_head,
)

J2K = "1.2.840.10008.1.2.4.90"
FRAME = MediaType("application", "octet-stream").with_parameter("transfer-syntax", J2K)


def layout(*contents: bytes) -> MultipartLayout:
    parts = [Part(FRAME, len(content), (("Content-Location", f"/frames/{i}"),)) for i, content in enumerate(contents)]
    return MultipartLayout("0123456789abcdef", parts)


def written(contents: list[bytes]) -> bytes:
    answer = layout(*contents)
    return b"".join(head + content for head, content in zip(answer.heads, contents, strict=True)) + answer.tail


def test_the_answer_byte_for_byte():
    assert written([b"one", b"two"]) == (
        b"--0123456789abcdef\r\n"
        b"Content-Type: application/octet-stream; transfer-syntax=1.2.840.10008.1.2.4.90\r\n"
        b"Content-Location: /frames/0\r\n"
        b"\r\n"
        b"one\r\n"
        b"--0123456789abcdef\r\n"
        b"Content-Type: application/octet-stream; transfer-syntax=1.2.840.10008.1.2.4.90\r\n"
        b"Content-Location: /frames/1\r\n"
        b"\r\n"
        b"two\r\n"
        b"--0123456789abcdef--"
    )


def test_the_length_is_known_before_the_first_byte():
    for contents in ([b""], [b"one"], [b"one", b"", bytes(1000)]):
        assert layout(*contents).content_length == len(written(contents))


def test_an_answer_whose_parts_are_not_known_beforehand_has_the_same_bytes():
    answer = layout(b"one", b"two")
    heads = [part_head(part, answer.boundary, first=index == 0) for index, part in enumerate(answer.parts)]
    assert (heads, closing_delimiter(answer.boundary)) == (answer.heads, answer.tail)


def test_the_head_of_a_part_fits_the_first_thousand_bytes():
    assert all(len(head) < 1000 for head in layout(b"", b"").heads)


def test_boundaries_are_long_random_and_plain():
    boundaries = {new_boundary() for _ in range(100)}
    assert len(boundaries) == 100
    assert all(re.fullmatch(r"[0-9a-f]{32,70}", boundary) for boundary in boundaries)


def test_the_content_type_of_the_answer():
    content_type = multipart_related(MediaType("application", "dicom").with_parameter("transfer-syntax", J2K), "abc")
    assert str(content_type) == 'multipart/related; type="application/dicom"; boundary=abc'
