"""Contents and their runs, wherever they are cut."""

from collections.abc import AsyncIterator

from hypothesis import given
from hypothesis import strategies as st

from app.services.content import Content, concatenated
from storage.resource import ByteRange

PIECES = st.lists(st.binary(max_size=12), max_size=6)


async def _read(chunks: AsyncIterator[bytes | bytearray]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


@given(PIECES, st.data())
async def test_a_run_of_contents_one_behind_the_other_is_that_of_their_bytes(
    pieces: list[bytes], data: st.DataObject
) -> None:
    whole = b"".join(pieces)
    content = concatenated([Content.of(piece) for piece in pieces])
    assert content.length == len(whole)
    assert await _read(content.whole()) == whole
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, len(whole)))
    assert await _read(content.stream(ByteRange(start, stop))) == whole[start:stop]
    cut = content.cut(ByteRange(start, stop))
    assert (cut.length, await _read(cut.whole())) == (stop - start, whole[start:stop])
    assert await _read(cut.stream(ByteRange(0, cut.length // 2))) == whole[start : start + cut.length // 2]


async def test_what_lies_outside_of_a_run_is_not_touched() -> None:
    async def fail(_: ByteRange) -> AsyncIterator[bytes]:
        raise AssertionError
        yield b""

    content = concatenated([Content(5, fail), Content.of(b"held"), Content(5, fail)])
    assert await _read(content.stream(ByteRange(5, 9))) == b"held"
