import sqlite3
from contextlib import closing
from pathlib import Path

from storage.index.sqlite import SqliteIndex
from tests.contract.records import key, record


async def test_point_reads_leave_no_view_of_the_database_open(tmp_path: Path) -> None:
    """A reader that stays open keeps the log of writes from being emptied, which SQLite tells as busy."""
    path = tmp_path / "index.sqlite"
    index = await SqliteIndex.open(path)
    await index.add([record()])
    found = await index.instance(key(1, 1, 1))
    assert found is not None
    assert await index.frame_index(found) == record().frame_index
    assert await index.bulk_index(found) == record().bulk_index
    await index.add([record(1, 1, 2)])
    with closing(sqlite3.connect(path, timeout=0)) as other:
        [busy, *_] = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert not busy
    await index.close()


async def test_point_reads_answer_while_another_process_writes(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    index = await SqliteIndex.open(path)
    await index.add([record()])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM instance")
        assert await index.instance(key(1, 1, 1)) is not None
        other.execute("ROLLBACK")
    await index.close()
