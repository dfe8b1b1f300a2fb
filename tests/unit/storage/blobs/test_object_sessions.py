"""Which objects are in doubt: servers that share a store in memory, and a clock that the test sets."""

import asyncio

import pytest

from storage.blobs.object_client import ObjectClient
from storage.blobs.object_sessions import KEYS_PER_SESSION, SESSION_SECONDS, Sessions
from storage.errors import StorageUnavailable

LEASE = 86_400


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Servers:
    """Servers on one object store."""

    def __init__(self) -> None:
        self.objects = ObjectClient("memory:///", {})
        self.clock = Clock()

    def new(self) -> Sessions:
        return Sessions(self.objects, LEASE, self.clock)

    async def place(self, server: Sessions, count: int = 1) -> list[str]:
        keys = [await server.new_key() for _ in range(count)]
        for key in keys:
            await self.objects.put(f"instances/{key}", b"data")
        return keys

    async def notes(self) -> int:
        return len(await self.objects.list("writing/"))


@pytest.fixture
def servers() -> Servers:
    return Servers()


async def test_one_note_speaks_for_many_keys_and_goes_when_all_are_settled(servers: Servers) -> None:
    server = servers.new()
    keys = await servers.place(server, 20)
    assert len(set(keys)) == 20
    assert await servers.notes() == 1
    await server.settle(keys[:19])
    await server.close()
    assert await servers.notes() == 1
    await server.settle(keys[19:])
    assert await servers.notes() == 0


async def test_the_note_is_there_before_any_key_is(servers: Servers) -> None:
    class Refusing(ObjectClient):
        async def put(self, path: str, data: bytes) -> None:
            raise StorageUnavailable("away")

    with pytest.raises(StorageUnavailable):
        await Sessions(Refusing("memory:///", {}), LEASE, servers.clock).new_key()


async def test_a_living_server_is_left_alone(servers: Servers) -> None:
    living, other = servers.new(), servers.new()
    await servers.place(living)
    assert await other.abandoned() == []
    servers.clock.now += LEASE - 1
    assert await other.abandoned() == []


async def test_a_lease_later_what_a_dead_server_placed_is_in_doubt(servers: Servers) -> None:
    dead, other = servers.new(), servers.new()
    [settled, unsettled] = await servers.place(dead, 2)
    await dead.new_key()  # handed out, and never placed
    await dead.settle([settled])
    servers.clock.now += LEASE + 1
    assert sorted(await other.abandoned()) == sorted([settled, unsettled])
    await other.settle([settled, unsettled])
    assert await other.abandoned() == []
    assert await servers.notes() == 0


async def test_a_server_that_died_before_it_placed_anything_leaves_nothing(servers: Servers) -> None:
    await servers.new().new_key()
    servers.clock.now += LEASE + 1
    assert await servers.new().abandoned() == []
    assert await servers.notes() == 0


async def test_several_servers_may_look_at_the_same_time(servers: Servers) -> None:
    keys = await servers.place(servers.new(), 3)
    servers.clock.now += LEASE + 1
    others = [servers.new() for _ in range(3)]
    found = await asyncio.gather(*(other.abandoned() for other in others))
    assert [sorted(each) for each in found] == [sorted(keys)] * 3
    await asyncio.gather(*(other.settle(keys) for other in others))
    assert await servers.notes() == 0


async def test_a_server_that_could_not_settle_finds_its_own_keys_again(servers: Servers) -> None:
    server = servers.new()
    keys = await servers.place(server)
    servers.clock.now += LEASE + 1
    assert await server.abandoned() == keys
    await server.settle(keys)
    assert await servers.notes() == 0
    assert await servers.place(server) != keys


async def test_what_takes_half_a_lease_to_arrive_is_given_up_before_others_can_take_it_for_lost(
    servers: Servers,
) -> None:
    server = servers.new()
    keys = await servers.place(server)
    server.check(keys)
    servers.clock.now += LEASE / 2 + 1
    with pytest.raises(StorageUnavailable, match="too long"):
        server.check(keys)


async def test_a_session_hands_out_keys_for_a_while(servers: Servers) -> None:
    server = servers.new()
    before = await servers.place(server)
    servers.clock.now += SESSION_SECONDS + 1
    after = await servers.place(server)
    assert await servers.notes() == 2
    await server.settle(before)
    assert await servers.notes() == 1
    servers.clock.now += LEASE - SESSION_SECONDS / 2
    assert await servers.new().abandoned() == []
    await server.settle(after)


async def test_a_session_hands_out_so_many_keys(servers: Servers) -> None:
    server = servers.new()
    keys = [await server.new_key() for _ in range(KEYS_PER_SESSION)]
    assert len({key.partition("/")[0] for key in keys}) == 1
    assert (await server.new_key()).partition("/")[0] != keys[0].partition("/")[0]


async def test_keys_asked_for_at_once_share_a_session(servers: Servers) -> None:
    server = servers.new()
    keys = await asyncio.gather(*(server.new_key() for _ in range(50)))
    assert len(set(keys)) == 50
    assert await servers.notes() == 1


async def test_a_key_tells_whether_its_session_is_over_and_one_of_somebody_else_s_is(servers: Servers) -> None:
    server = servers.new()
    [key] = await servers.place(server)
    assert not server.is_over(key)
    servers.clock.now += LEASE + 1
    assert server.is_over(key)
    assert server.is_over("somebody/elses.dcm")
