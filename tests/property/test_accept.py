"""Whatever a client writes into headers and queries, reading it raises nothing undocumented."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from app.protocol.accept import parse_accept
from app.protocol.byte_ranges import parse_byte_ranges
from app.protocol.errors import MalformedRequest, NotAcceptable, RangeNotSatisfiable
from app.protocol.media_type import MediaType
from app.protocol.negotiation import Offer, choose
from app.protocol.query_string import parse_query_string

OFFERS = [
    Offer(MediaType("application", "octet-stream"), multipart=True, transfer_syntax_uid="1.2.840.10008.1.2.1"),
    Offer(MediaType("application", "dicom+json")),
]
TOKENS = st.text("!#$%&'*+-.^_`|~09azAZ", min_size=1, max_size=8)

headers = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            [
                "multipart/related",
                "*/*",
                "*",
                "image/",
                "; type=",
                '"*/*"',
                '"',
                "; q=",
                "0.5",
                ".",
                ",",
                "\\",
                "; transfer-syntax=*",
            ]
        ),
        max_size=12,
    ).map("".join),
)


@given(headers)
def test_any_accept_header_is_read_and_answered(header):
    acceptable = parse_accept(header)
    assert acceptable
    assert all(0 <= media_range.quality <= 1 for media_range in acceptable)
    with suppress(NotAcceptable):
        assert choose(acceptable, OFFERS) in OFFERS


@given(TOKENS, TOKENS, st.lists(st.tuples(TOKENS, st.text(st.characters(min_codepoint=32, max_codepoint=126)))))
def test_media_types_survive_being_written_and_read(type_, subtype, parameters):
    lower = tuple((name.lower(), value) for name, value in parameters)
    media_type = MediaType(type_.lower(), subtype.lower(), lower)
    assert MediaType.parse(str(media_type)) == media_type


@given(
    st.one_of(st.text(max_size=40), st.text("bytes=-, 0123456789", max_size=40).map("bytes=".__add__)),
    st.integers(0, 2000),
)
def test_ranges_lie_within_the_representation(header, size):
    with suppress(RangeNotSatisfiable):
        for byte_range in parse_byte_ranges(header, size):
            assert 0 <= byte_range.start < byte_range.stop <= size


@given(st.one_of(st.binary(max_size=40), st.text("abc=&%+19AF", max_size=40).map(str.encode)))
def test_any_query_is_read_or_refused(query):
    with suppress(MalformedRequest):
        assert len(parse_query_string(query)) <= query.count(b"&") + 1
