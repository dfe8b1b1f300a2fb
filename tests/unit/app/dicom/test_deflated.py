import zlib
from collections.abc import Iterator
from itertools import islice

import pytest

from app.dicom.byte_source import BytesSource
from app.dicom.deflated import CHUNK, KEPT_IN_MEMORY, inflate_ranges, inflated_source
from app.dicom.errors import LimitExceeded, MalformedDataSet
from app.dicom.limits import DEFAULT_LIMITS, ParseLimits
from storage.resource import ByteRange

DATA = b"".join(number.to_bytes(4, "little") for number in range(2 * KEPT_IN_MEMORY // 4))


def deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


def chunks(data: bytes, size: int = 1000) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


@pytest.mark.parametrize("size", [1, 7, 1000, 10**6])
def test_ranges_are_cut_out_of_the_inflated_bytes(size: int) -> None:
    data = DATA[:5000]
    ranges = [ByteRange(0, 3), ByteRange(3, 4), ByteRange(100, 100), ByteRange(1234, 4321), ByteRange(4990, 5000)]
    expected = b"".join(data[part.start : part.stop] for part in ranges)
    assert b"".join(inflate_ranges(chunks(deflate(data), size), ranges)) == expected


def test_a_long_range_comes_in_chunks_of_bounded_size() -> None:
    stop = len(DATA) - 5
    pieces = list(inflate_ranges(chunks(deflate(DATA)), [ByteRange(10, stop)]))
    assert max(map(len, pieces)) <= CHUNK
    assert b"".join(pieces) == DATA[10:stop]


def test_nothing_is_read_behind_the_last_range() -> None:
    stream = chunks(deflate(DATA), 1000)
    assert b"".join(inflate_ranges(stream, [ByteRange(0, 4)])) == DATA[:4]
    assert len(list(islice(stream, 3))) == 3


@pytest.mark.parametrize("length", [0, 10, 5000, len(DATA)])
def test_the_inflated_source_reads_like_the_data_itself(length: int) -> None:
    data = DATA[:length]
    source = inflated_source(BytesSource(b"head" + deflate(data) + b"\0"), 4, DEFAULT_LIMITS)
    assert source.size == length
    for start, stop in ((0, 100), (50, 50 + CHUNK), (length - 3, length + 10), (20, 30)):
        assert source.read(start, stop) == data[max(start, 0) : stop]


def test_looking_back_too_often_is_refused() -> None:
    source = inflated_source(BytesSource(deflate(DATA)), 0, ParseLimits(max_inflate_restarts=2))
    last = len(DATA) - 4
    for _ in range(2):
        assert source.read(last, len(DATA)) == DATA[-4:]
        assert source.read(0, 4) == DATA[:4]
    source.read(last, len(DATA))
    with pytest.raises(LimitExceeded):
        source.read(0, 4)


def test_a_bomb_is_refused_when_it_passes_the_limit() -> None:
    bomb = deflate(bytes(10_000_000))
    assert len(bomb) < 20_000
    with pytest.raises(LimitExceeded):
        inflated_source(BytesSource(bomb), 0, ParseLimits(max_inflated=1_000_000))


@pytest.mark.parametrize(
    "stream", [b"", deflate(DATA)[:-10], deflate(DATA)[:500], b"\xff" * 50, b"not deflated at all"]
)
def test_a_damaged_or_cut_off_stream_is_malformed(stream: bytes) -> None:
    with pytest.raises(MalformedDataSet):
        inflated_source(BytesSource(stream), 0, DEFAULT_LIMITS)
    with pytest.raises(MalformedDataSet):
        list(inflate_ranges(chunks(stream), [ByteRange(0, 2 * len(DATA))]))
