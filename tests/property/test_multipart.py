"""A multipart body means the same parts however it is cut, and whatever its parts hold."""

from contextlib import suppress
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.protocol.errors import MalformedRequest, PayloadTooLarge
from app.protocol.media_type import MediaType
from app.protocol.multipart_reader import MultipartReader
from app.protocol.multipart_writer import MultipartLayout, Part, multipart_related
from tests.multipart_bodies import DICOM_HEADERS, like_dicomweb_client, read

DICOM = MediaType("application", "dicom")
BOUNDARY_CHARACTERS = "abAB09'()+_,-./:=?"

boundaries = st.text(BOUNDARY_CHARACTERS, min_size=1, max_size=70)
fragments = st.sampled_from([b"\r", b"\n", b"\r\n", b"-", b"--", b"\r\n--", b" ", b":", b"x", b"\x00"])


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, list[bytes]]:
    """A boundary, and contents that tease it: pieces of delimiters, but no delimiter."""
    boundary = draw(boundaries)
    delimiter = f"\r\n--{boundary}".encode()
    piece = st.one_of(st.binary(max_size=6), fragments, st.just(boundary.encode()), st.just(delimiter[:-1]))
    contents = draw(st.lists(st.lists(piece, max_size=8).map(b"".join), min_size=1, max_size=4))
    # In the body a CRLF stands before the content and another behind it.
    return boundary, [content for content in contents if delimiter not in b"\r\n" + content + b"\r\n--"] or [b""]


def written(boundary: str, contents: list[bytes]) -> bytes:
    layout = MultipartLayout(boundary, [Part(DICOM, len(content)) for content in contents])
    return b"".join(head + content for head, content in zip(layout.heads, contents, strict=True)) + layout.tail


def split(payload: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(payload) + 1) for cut in cuts), len(payload)]
    return [payload[start:stop] for start, stop in pairwise(places)]


@given(bodies())
def test_a_body_cut_at_any_one_byte_gives_the_same_parts(body):
    boundary, contents = body
    content_type = f'multipart/related; boundary="{boundary}"'
    payload = like_dicomweb_client(contents, boundary)
    expected = [(DICOM_HEADERS, content) for content in contents]
    for cut in range(len(payload) + 1):
        assert read(content_type, [payload[:cut], payload[cut:]]) == expected


@given(bodies(), st.lists(st.integers(min_value=0), max_size=20))
def test_what_the_writer_wrote_the_reader_reads_from_any_pieces(body, cuts):
    boundary, contents = body
    content_type = str(multipart_related(DICOM, boundary))
    expected = [(DICOM_HEADERS, content) for content in contents]
    assert read(content_type, split(written(boundary, contents), cuts)) == expected


@given(st.lists(st.one_of(st.binary(max_size=20), fragments, st.sampled_from([b"--B\r\n", b"\r\n--B--", b"A: 1\r\n"]))))
def test_no_body_makes_the_reader_raise_anything_undocumented(pieces):
    reader = MultipartReader(MediaType.parse("multipart/related; boundary=B"))
    with suppress(MalformedRequest, PayloadTooLarge):
        for piece in pieces:
            reader.feed(piece)
        reader.close()
