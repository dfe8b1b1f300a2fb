"""Contents and their runs, wherever they are cut."""

from collections.abc import AsyncGenerator, AsyncIterator

from hypothesis import given
from hypothesis import strategies as st

from app.services.content import Content, concatenated, counted
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


@given(PIECES, st.data())
async def test_a_run_of_contents_that_are_found_one_after_the_other_is_that_of_their_bytes(
    pieces: list[bytes], data: st.DataObject
) -> None:
    async def found() -> AsyncGenerator[Content]:
        for piece in pieces:
            yield Content.of(piece)

    whole = b"".join(pieces)
    content = await counted(found)
    assert content.length == len(whole)
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, len(whole)))
    assert await _read(content.stream(ByteRange(start, stop))) == whole[start:stop]


async def test_contents_behind_a_run_are_not_looked_for() -> None:
    looked_for: list[int] = []

    async def found() -> AsyncGenerator[Content]:
        for number in range(5):
            looked_for.append(number)
            yield Content.of(b"held")

    content = await counted(found)
    looked_for.clear()
    assert await _read(content.stream(ByteRange(5, 8))) == b"eld"
    assert looked_for == [0, 1]
