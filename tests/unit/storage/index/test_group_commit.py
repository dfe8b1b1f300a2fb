import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from threading import Event, Lock

import pytest
from sqlalchemy import Connection, Engine, event, text

from storage.errors import StorageFull, StorageUnavailable
from storage.index import group_commit
from storage.index.group_commit import MAX_GROUP, GroupCommit
from storage.index.sqlite_connections import enter_wal_mode, writing_engine

Write = Callable[[Connection], int]


class Writer:
    """A group commit over a table of numbers, with a count of its transactions."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.commits = 0
        self.turn = Lock()
        event.listen(engine, "commit", self._count)
        self.group_commit = GroupCommit(engine.connect(), self.turn)

    def _count(self, _connection: Connection) -> None:
        self.commits += 1

    def numbers(self) -> list[int]:
        with self.engine.connect() as connection:
            return list(connection.scalars(text("SELECT number FROM numbers ORDER BY number")))

    async def gathered(self, writes: list[Write]) -> list[int | BaseException]:
        """Outcomes of writes that all wait while an earlier one is at work."""
        release = await self.occupied()
        waiting = [asyncio.create_task(self.group_commit.run(write)) for write in writes]
        await asyncio.sleep(0)  # all of them are in the queue now
        release.set()
        return await asyncio.gather(*waiting, return_exceptions=True)

    async def occupied(self) -> Event:
        """Keep the writer at work, in a group of its own, until the event is set."""
        has_begun, release = Event(), Event()

        def work(_: Connection) -> bool:
            has_begun.set()
            return release.wait(10)

        self.at_work = asyncio.create_task(self.group_commit.run(work))
        assert await asyncio.to_thread(has_begun.wait, 10)
        return release


@pytest.fixture
async def writer(tmp_path: Path) -> AsyncIterator[Writer]:
    enter_wal_mode(tmp_path / "numbers.sqlite")
    engine = writing_engine(tmp_path / "numbers.sqlite")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE numbers (number INTEGER UNIQUE, filling BLOB)"))
    writer = Writer(engine)
    yield writer
    await writer.group_commit.close()


def insert(number: int, filling: int = 0) -> Write:
    def write(connection: Connection) -> int:
        statement = text("INSERT INTO numbers VALUES (:number, zeroblob(:filling))")
        connection.execute(statement, {"number": number, "filling": filling})
        return number

    return write


def insert_and_fail(number: int) -> Write:
    def write(connection: Connection) -> int:
        insert(number)(connection)
        raise LookupError(number)

    return write


def lose_the_transaction(connection: Connection) -> int:
    connection.exec_driver_sql("ROLLBACK")
    raise LookupError


async def test_a_write_answers_with_its_result_and_is_stored(writer: Writer) -> None:
    assert await writer.group_commit.run(insert(7)) == 7
    assert writer.numbers() == [7]


async def test_writes_that_wait_share_transactions_of_bounded_size(writer: Writer) -> None:
    count = 2 * MAX_GROUP + 5
    assert await writer.gathered([insert(number) for number in range(count)]) == list(range(count))
    assert writer.numbers() == list(range(count))
    assert writer.commits <= 1 + 4


async def test_a_group_waits_for_as_many_as_were_in_flight(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    await writer.gathered([insert(1), insert(2)])
    monkeypatch.setattr(group_commit, "GATHER_SECONDS", 60)
    for number in (3, 5):
        before = writer.commits
        one = asyncio.create_task(writer.group_commit.run(insert(number)))
        await asyncio.sleep(0)
        while writer.group_commit.waiting():
            await asyncio.sleep(0)
        assert await writer.group_commit.run(insert(number + 1)) == number + 1
        assert await one == number
        assert writer.commits == before + 1


async def test_who_writes_alone_does_not_wait(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "GATHER_SECONDS", 60)
    async with asyncio.timeout(30):
        for number in range(5):
            await writer.group_commit.run(insert(number))


async def test_who_is_not_joined_waits_for_a_moment_only_and_the_next_not_at_all(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "GATHER_SECONDS", 0.01)
    await writer.gathered([insert(1), insert(2), insert(3)])
    assert await writer.group_commit.run(insert(4)) == 4
    monkeypatch.setattr(group_commit, "GATHER_SECONDS", 60)
    async with asyncio.timeout(30):
        assert await writer.group_commit.run(insert(5)) == 5


async def test_the_end_is_not_waited_for(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    await writer.gathered([insert(1), insert(2)])
    monkeypatch.setattr(group_commit, "GATHER_SECONDS", 60)
    last = asyncio.create_task(writer.group_commit.run(insert(3)))
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await writer.group_commit.close()
    assert await last == 3


async def test_a_write_that_fails_leaves_the_others_of_its_group_stored(writer: Writer) -> None:
    one, failed, duplicate, two = await writer.gathered([insert(1), insert_and_fail(5), insert(1), insert(2)])
    assert (one, two) == (1, 2)
    assert isinstance(failed, LookupError)
    assert type(duplicate).__name__ == "IntegrityError"
    assert writer.numbers() == [1, 2]


async def test_nobody_is_told_of_success_when_the_transaction_was_lost(writer: Writer) -> None:
    outcomes = await writer.gathered([insert(1), lose_the_transaction, insert(2)])
    assert writer.numbers() == []
    assert all(isinstance(outcome, LookupError) for outcome in outcomes)
    assert await writer.group_commit.run(insert(3)) == 3


async def test_a_full_disk_is_told_and_the_next_write_works(writer: Writer) -> None:
    await writer.group_commit.run(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 20") and 0)
    with pytest.raises(StorageFull, match="no room"):
        await writer.group_commit.run(insert(1, filling=200_000))
    assert await writer.group_commit.run(insert(2)) == 2
    assert writer.numbers() == [2]


async def test_closing_finishes_what_is_queued_and_refuses_what_comes_later(writer: Writer) -> None:
    waiting = [asyncio.create_task(writer.group_commit.run(insert(number))) for number in range(200)]
    await asyncio.sleep(0)
    await writer.group_commit.close()
    assert await asyncio.gather(*waiting) == list(range(200))
    assert writer.numbers() == list(range(200))
    with pytest.raises(StorageUnavailable, match="closed"):
        await writer.group_commit.run(insert(1))
    await writer.group_commit.close()


async def test_a_write_whose_caller_left_before_its_turn_is_left_out(writer: Writer) -> None:
    release = await writer.occupied()
    left, stays = (asyncio.create_task(writer.group_commit.run(insert(number))) for number in (1, 2))
    await asyncio.sleep(0)
    left.cancel()
    await asyncio.sleep(0)
    release.set()
    assert await stays == 2
    assert left.cancelled()
    assert writer.numbers() == [2]


async def test_a_write_that_has_begun_is_finished_though_its_caller_leaves(writer: Writer) -> None:
    has_begun, release = Event(), Event()

    def write(connection: Connection) -> int:
        has_begun.set()
        release.wait(10)
        return insert(1)(connection)

    call = asyncio.create_task(writer.group_commit.run(write))
    assert await asyncio.to_thread(has_begun.wait, 10)
    call.cancel()
    await asyncio.sleep(0)
    release.set()
    assert await writer.group_commit.run(insert(2)) == 2
    assert writer.numbers() == [1, 2]


async def test_what_waits_is_counted(writer: Writer) -> None:
    release = await writer.occupied()
    writes = [asyncio.create_task(writer.group_commit.run(lambda _: 1)) for _ in range(3)]
    await asyncio.sleep(0)  # all of them are in the queue now
    assert writer.group_commit.waiting() == 3
    release.set()
    assert await asyncio.gather(*writes) == [1, 1, 1]
    assert writer.group_commit.waiting() == 0


async def test_a_turn_that_is_not_passed_on_is_not_waited_for_for_ever(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "PATIENCE_SECONDS", 0.05)
    with writer.turn:
        given_up = [asyncio.create_task(writer.group_commit.run(insert(number))) for number in (1, 2, 3)]
        outcomes = await asyncio.gather(*given_up, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StorageUnavailable] * 3
    monkeypatch.setattr(group_commit, "PATIENCE_SECONDS", 20)
    assert await writer.group_commit.run(insert(4)) == 4
    assert writer.numbers() == [4]


async def test_a_turn_that_fails_is_told_to_all_who_wait_for_it(writer: Writer) -> None:
    class Lost:
        def __enter__(self) -> None:
            raise StorageUnavailable("the file was removed")

        def __exit__(self, *error: object) -> None:
            raise AssertionError

    writer.group_commit._turn = Lost()
    outcomes = await asyncio.gather(*map(writer.group_commit.run, (insert(1), insert(2))), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StorageUnavailable] * 2
