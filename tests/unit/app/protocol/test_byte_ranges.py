import pytest

from app.protocol.byte_ranges import MAXIMUM_RANGES, content_range, parse_byte_ranges
from app.protocol.errors import RangeNotSatisfiable
from storage.resource import ByteRange

DIGITS = b"0123456789"


@pytest.mark.parametrize(
    ("header", "pieces"),
    [
        ("bytes=0-3", [b"0123"]),
        ("bytes=4-", [b"456789"]),
        ("bytes=-2", [b"89"]),
        ("bytes=-99", [DIGITS]),
        ("bytes=0-0", [b"0"]),
        ("bytes=9-9", [b"9"]),
        ("bytes=8-99", [b"89"]),
        ("bytes=0-0,-1", [b"0", b"9"]),
        ("Bytes=0-1 , 5-6", [b"01", b"56"]),
        ("bytes=0-1,,99-", [b"01"]),
    ],
)
def test_ranges_select_the_bytes_that_rfc_9110_says(header, pieces):
    assert [DIGITS[each.start : each.stop] for each in parse_byte_ranges(header, len(DIGITS))] == pieces


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "items=0-1",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=a-b",
        "bytes=5-2",
        "bytes=--1",
        "bytes=1-2-3",
        "bytes=0-1,x",
    ],
)
def test_what_cannot_be_read_is_ignored(header):
    assert parse_byte_ranges(header, 10) == []


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99-100,200-"])
def test_ranges_that_all_lie_outside_cannot_be_satisfied(header):
    with pytest.raises(RangeNotSatisfiable) as caught:
        parse_byte_ranges(header, 10)
    assert caught.value.size == 10


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-5"])
def test_nothing_can_be_cut_from_nothing(header):
    with pytest.raises(RangeNotSatisfiable):
        parse_byte_ranges(header, 0)


def test_a_flood_of_ranges_is_ignored():
    allowed = ",".join(["0-0"] * MAXIMUM_RANGES)
    assert len(parse_byte_ranges(f"bytes={allowed}", 10)) == MAXIMUM_RANGES
    assert parse_byte_ranges(f"bytes={allowed},0-0", 10) == []


def test_content_range_counts_the_last_byte_in():
    assert content_range(ByteRange(0, 500), 1234) == "bytes 0-499/1234"
    assert content_range(None, 1234) == "bytes */1234"
