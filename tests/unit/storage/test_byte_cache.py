"""What costs much is made once, and no more is remembered than there is room for."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from storage.byte_cache import ByteCache


class Maker:
    """Makes values of a length, and counts how often."""

    def __init__(self) -> None:
        self.made = 0
        self.allowed = asyncio.Event()
        self.allowed.set()

    def of(self, length: int) -> Callable[[], Awaitable[bytes]]:
        async def make() -> bytes:
            self.made += 1
            await self.allowed.wait()
            return bytes(length)

        return make


@pytest.fixture
def cache() -> ByteCache[bytes]:
    return ByteCache(100, len)


async def test_thirty_who_ask_at_once_cost_one_run(cache: ByteCache[bytes]) -> None:
    maker = Maker()
    assert await asyncio.gather(*(cache.get("key", maker.of(10)) for _ in range(30))) == [bytes(10)] * 30
    assert maker.made == 1


async def test_what_was_not_used_for_longest_makes_room(cache: ByteCache[bytes]) -> None:
    maker = Maker()
    for key in (1, 2, 3, 4, 1, 5, 1, 2):
        await cache.get(key, maker.of(25))
    assert maker.made == 6, "only 1 stayed; 2 had to be made again"


async def test_what_is_too_large_is_given_but_not_kept(cache: ByteCache[bytes]) -> None:
    maker = Maker()
    for _ in range(2):
        assert await cache.get("large", maker.of(26)) == bytes(26)
    assert maker.made == 2


async def test_an_error_reaches_everybody_and_is_forgotten(cache: ByteCache[bytes]) -> None:
    async def fail() -> bytes:
        await asyncio.sleep(0)
        raise ValueError("damaged")

    outcomes = await asyncio.gather(*(cache.get("key", fail) for _ in range(3)), return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["damaged"] * 3
    assert await cache.get("key", Maker().of(1)) == bytes(1)


async def test_who_goes_away_does_not_stop_it_for_the_others(cache: ByteCache[bytes]) -> None:
    maker = Maker()
    maker.allowed.clear()
    first, second = (asyncio.ensure_future(cache.get("key", maker.of(7))) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    maker.allowed.set()
    assert await second == bytes(7)
    assert maker.made == 1


async def test_what_nobody_waits_for_any_more_ends_and_is_made_anew_for_the_next(cache: ByteCache[bytes]) -> None:
    maker, ended = Maker(), asyncio.Event()

    async def never() -> bytes:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return b""

    waiting = [asyncio.ensure_future(cache.get("key", never)) for _ in range(2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert await cache.get("key", maker.of(7)) == bytes(7)
    assert ended.is_set()
    assert await cache.get("key", never) == bytes(7)
