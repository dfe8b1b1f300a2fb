import pytest

from storage.index.chunks import CHUNK_SIZE, chunks


@pytest.mark.parametrize("count", [0, 1, CHUNK_SIZE, CHUNK_SIZE + 1, 3 * CHUNK_SIZE])
def test_chunks_hold_all_values_in_order_and_none_is_empty_or_too_long(count: int) -> None:
    found = list(chunks(range(count)))
    assert [value for chunk in found for value in chunk] == list(range(count))
    assert all(0 < len(chunk) <= CHUNK_SIZE for chunk in found)
