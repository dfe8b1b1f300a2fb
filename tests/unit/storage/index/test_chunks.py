import pytest

from storage.index.chunks import CHUNK_SIZE, chunks


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, CHUNK_SIZE, CHUNK_SIZE + 1, 3 * CHUNK_SIZE])
def test_chunks_hold_all_values_in_order_and_their_lengths_are_few(count: int) -> None:
    found = list(chunks(range(count)))
    assert list(dict.fromkeys(value for chunk in found for value in chunk)) == list(range(count))
    assert {len(chunk) for chunk in found} <= {2**n for n in range(10)}
    assert max(map(len, found), default=0) <= CHUNK_SIZE


def test_only_the_last_value_of_a_chunk_is_repeated() -> None:
    assert list(chunks("abcde")) == [["a", "b", "c", "d", "e", "e", "e", "e"]]
