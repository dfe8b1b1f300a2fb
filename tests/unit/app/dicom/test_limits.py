"""Hostile files are refused quickly, and large ones read in little memory."""

import tracemalloc
from collections.abc import Iterator

import pytest

from app.dicom.errors import LimitExceeded, MalformedDataSet, UnusableInstance
from app.dicom.frame_index import FrameIndex
from app.dicom.limits import ParseLimits
from app.dicom.part10 import BytesSource, parse
from tests.unit.app.dicom.encoding import (
    ITEM_DELIMITER,
    SEQUENCE_DELIMITER,
    UNDEFINED,
    element,
    file,
    image,
    implicit,
    item,
    meta,
    us,
)

MEMORY = 8 * 1024 * 1024
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"


def nested(depth: int) -> bytes:
    opening = element(0x00081032, "SQ", item(b"", length=UNDEFINED), length=UNDEFINED)
    return opening * depth + (ITEM_DELIMITER + SEQUENCE_DELIMITER) * depth


def nested_of_defined_length(depth: int) -> bytes:
    content = b""
    for _ in range(depth):
        content = element(0x00081032, "SQ", item(content))
    return content


@pytest.mark.parametrize("sequences", [nested, nested_of_defined_length])
def test_sequences_may_be_nested_only_so_deep(sequences: "type[bytes]") -> None:
    parse(BytesSource(file(sequences(64))))
    for depth in (65, 5000):
        with pytest.raises(LimitExceeded):
            parse(BytesSource(file(sequences(depth))))


@pytest.mark.parametrize("tag", [0x00081032, 0x00104000, 0x7FE00010])
@pytest.mark.parametrize("vr", ["SQ", "OB", "UT", "UN"])
def test_four_gigabytes_in_forty_bytes_are_not_believed(tag: int, vr: str) -> None:
    tracemalloc.start()
    try:
        parse(BytesSource(file(element(tag, vr, b"ab", length=UNDEFINED - 1))))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MEMORY


def test_elements_are_counted() -> None:
    limits = ParseLimits(max_elements=100)
    many = b"".join(us(0x00331000 + number, number) for number in range(200))
    with pytest.raises(LimitExceeded):
        parse(BytesSource(file(many, element(0x00400275, "SQ", b""))), limits)
    with pytest.raises(LimitExceeded):
        parse(BytesSource(file(element(0x00400275, "SQ", item(b"") * 200))), limits)


def test_a_data_set_of_equal_elements_is_counted_too() -> None:
    with pytest.raises(LimitExceeded):
        parse(BytesSource(file(us(0x00331001, 1) * 300_000)), ParseLimits(max_elements=100_000))


def test_values_that_cannot_be_bulk_data_have_a_limit() -> None:
    limits = ParseLimits(max_value_length=10_000, max_metadata=25_000)
    with pytest.raises(LimitExceeded):
        parse(BytesSource(file(element(0x00331001, "PN", b"a" * 10_002))), limits)
    with pytest.raises(LimitExceeded):
        parse(BytesSource(file(*(element(0x00331001 + number, "PN", b"a" * 9000) for number in range(3)))), limits)


def test_the_metadata_of_sequences_has_a_limit() -> None:
    with pytest.raises(LimitExceeded):
        parse(
            BytesSource(file(element(0x00081032, "SQ", item(us(0x00280010, 1)) * 100))), ParseLimits(max_metadata=2000)
        )


def test_fragments_are_counted() -> None:
    pixel_data = element(0x7FE00010, "OB", item(b"") * 200 + SEQUENCE_DELIMITER, length=UNDEFINED)
    with pytest.raises(LimitExceeded):
        parse(BytesSource(file(pixel_data, transfer_syntax_uid=JPEG_BASELINE)), ParseLimits(max_fragments=100))


def test_values_without_delimiter_are_searched_only_once() -> None:
    """Each value of undefined length begins a search to the end of the file; the first that fails ends the parse."""
    value = implicit(0x00331001, b"abcdefgh", length=UNDEFINED)
    with pytest.raises(UnusableInstance):
        parse(BytesSource(meta("1.2.840.10008.1.2") + value * 50_000))


class SparseSource:
    """A large file of which only some places are not zero; it remembers nothing but those."""

    def __init__(self, head: bytes, size: int, fragment: int = 0) -> None:
        self._head = head
        self._fragment = fragment
        self.size = size

    def read(self, start: int, stop: int) -> bytes:
        data = bytearray(max(min(stop, self.size) - start, 0))
        for position, content in self._contents(start, start + len(data)):
            first, last = max(position, start), min(position + len(content), start + len(data))
            data[first - start : last - start] = content[first - position : last - position]
        return bytes(data)

    def _contents(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        if start < len(self._head):
            yield 0, self._head
        if self._fragment:
            size = self._fragment + 8
            last = (self.size - 8 - len(self._head)) // size
            for number in range(max((start - len(self._head)) // size, 0), last):
                position = len(self._head) + number * size
                if position >= stop:
                    return
                yield position, item(b"", length=self._fragment)
            if stop > self.size - 8:
                yield self.size - 8, SEQUENCE_DELIMITER


def traced(source: SparseSource) -> tuple[bytes, int]:
    """The frame index of a source, and the most memory that parsing it took, in bytes."""
    tracemalloc.start()
    try:
        frame_index = parse(source).frame_index
        return frame_index, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_two_gigabytes_of_native_frames_take_little_memory() -> None:
    size = 2**31
    head = file(image(frames=4096, rows=512, columns=512, bits=16), element(0x7FE00010, "OW", b"", length=size))
    frame_index, peak = traced(SparseSource(head, len(head) + size))
    index = FrameIndex.from_bytes(frame_index)
    assert index.number_of_frames == 4096
    assert index.ranges(4095)[0].stop == len(head) + size
    assert peak < MEMORY


def test_many_fragments_take_little_memory() -> None:
    number, length = 20_000, 100_000
    head = file(
        image(frames=number),
        element(0x7FE00010, "OB", item(b""), length=UNDEFINED),
        transfer_syntax_uid=JPEG_BASELINE,
    )
    frame_index, peak = traced(SparseSource(head, len(head) + number * (length + 8) + 8, length))
    index = FrameIndex.from_bytes(frame_index)
    assert index.number_of_frames == number
    assert len(index.ranges(number - 1)[0]) == length
    assert peak < MEMORY


def test_long_sequences_are_read_through_a_window() -> None:
    content = item(element(0x0008103E, "LO", b"a" * 64)) * 10_000
    instance = parse(BytesSource(file(element(0x00401031, "SQ", content), element(0x00404000, "LT", b"on"))))
    assert instance.metadata.count(b'"0008103E"') == 10_000
    assert instance.metadata.endswith(b'"00404000":{"vr":"LT","Value":["on"]}}')


def test_a_sequence_that_ends_with_the_file_is_malformed() -> None:
    with pytest.raises(MalformedDataSet):
        parse(BytesSource(file(element(0x00081115, "SQ", item(b"") * 3, length=UNDEFINED))))
