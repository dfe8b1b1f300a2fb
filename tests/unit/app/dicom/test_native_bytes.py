"""Native bytes against numpy's own bit and byte order."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.dicom.native_bytes import cut_bits, swap_words, whole_words
from storage.resource import ByteRange


@given(st.binary(min_size=1, max_size=40), st.data())
def test_cut_bits_gives_the_bits_that_numpy_unpacks(data: bytes, draw: st.DataObject) -> None:
    first = draw.draw(st.integers(0, len(data) * 8 - 1))
    count = draw.draw(st.integers(1, len(data) * 8 - first))
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[first : first + count]
    assert cut_bits(data, first, count) == np.packbits(bits, bitorder="little").tobytes()


@given(st.lists(st.integers(0, 2**16 - 1)))
def test_swapped_words_are_the_same_numbers_in_the_other_order(numbers: list[int]) -> None:
    for dtype, size in ((np.uint16, 2), (np.uint32, 4), (np.uint64, 8)):
        array = np.array(numbers, dtype)
        assert (
            swap_words(array.astype(array.dtype.newbyteorder(">")).tobytes(), size)
            == array.astype(f"<u{size}").tobytes()
        )


def test_a_rest_shorter_than_a_word_stays() -> None:
    assert swap_words(b"\x01\x02\x03", 2) == b"\x02\x01\x03"
    assert swap_words(b"\x01\x02\x03", 1) == b"\x01\x02\x03"


def test_whole_words_cover_a_range_that_begins_within_one() -> None:
    assert whole_words(ByteRange(105, 111), 100, 4) == ByteRange(104, 112)
    assert whole_words(ByteRange(104, 112), 100, 4) == ByteRange(104, 112)
    assert whole_words(ByteRange(107, 108), 101, 2) == ByteRange(107, 109)
