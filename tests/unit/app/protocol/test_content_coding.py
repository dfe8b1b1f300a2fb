"""The content coding of an answer (RFC 9110 12.5.3)."""

import gzip

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from app.protocol.content_coding import CODINGS, choose_coding, compress


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("", None),
        ("gzip", "gzip"),
        ("zstd", "zstd"),
        ("gzip, zstd", "zstd"),
        ("gzip;q=0.8, zstd;q=0.7", "gzip"),
        ("gzip ; q=0.8 , zstd ; q=0.9", "zstd"),
        ("*", "zstd"),
        ("*;q=0", None),
        ("*;q=0, gzip", "gzip"),
        ("zstd;q=0, *", "gzip"),
        ("identity;q=1, gzip;q=0.5", None),
        ("identity;q=0.5, gzip;q=1", "gzip"),
        ("deflate, br", None),
        ("X-GZIP", "gzip"),
        ("gzip;q=nonsense", None),
        ("gzip;level=9", "gzip"),
    ],
)
def test_the_weights_decide_then_our_liking(header: str, coding: str | None) -> None:
    assert choose_coding(header) == coding


@given(st.text(max_size=40))
def test_nothing_a_client_sends_is_an_error(header: str) -> None:
    assert choose_coding(header) in {None, *CODINGS}


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_what_is_compressed_in_pieces_is_read_as_one(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    readers = {
        "gzip": gzip.decompress,
        "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
    }
    for coding, make in CODINGS.items():
        compressor = make()
        coded = b"".join([compressor.compress(piece) for piece in pieces]) + compressor.flush()
        assert readers[coding](coded) == readers[coding](compress(whole, coding)) == whole
