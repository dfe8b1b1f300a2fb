"""A connection breaks while the database commits, and nobody hears what becomes of it: no bytes are deleted then."""

import asyncio
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from app.services.archive import Archive
from storage.blobs.memory import MemoryBlobStore
from storage.errors import OutcomeUnknown
from storage.index import postgresql_connections
from storage.index.postgresql import PostgresqlIndex
from storage.resource import ByteRange, ResourceKey
from tests.cluster.balancer import balancer
from tests.examples import new_instance, part10
from tests.postgresql_server import PostgresqlServer
from tests.unit.app.services.archives import store

_SLOW_COMMIT = """
CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON instance DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION wait()
"""
"""Commits that add instances wait, as they would for a replica that does not answer."""

_WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


async def test_rows_that_are_committed_after_all_have_their_bytes(
    postgresql: PostgresqlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = new_instance()
    url = await asyncio.to_thread(postgresql.new_database)
    [folder] = parse_qs(urlsplit(url).query)["host"]
    watcher = await asyncpg.connect(url)
    with balancer(Path(folder) / ".s.PGSQL.5432") as line:
        through = f"postgresql://postgres@127.0.0.1:{line.port}{urlsplit(url).path}"
        archive = Archive(MemoryBlobStore(), await PostgresqlIndex.open(through, connections=3))
        await archive.index.known_blob_keys(["by a connection with the usual patience"])
        monkeypatch.setitem(postgresql_connections._SERVER_SETTINGS, "lock_timeout", "200ms")
        await watcher.execute(f"{_SLOW_COMMIT}; SELECT pg_advisory_lock(1)")
        storing = asyncio.create_task(store(archive, part10(instance)))
        await _wait_for(watcher, _WAITING)
        with line.cut():
            await watcher.execute("SELECT 1")
        with pytest.raises(OutcomeUnknown):
            await storing
        await watcher.execute("SELECT pg_advisory_unlock(1)")
        await _wait_for(watcher, "SELECT count(*) FROM instance")
        key = ResourceKey(instance.StudyInstanceUID, instance.SeriesInstanceUID, instance.SOPInstanceUID)
        stored = await archive.instance(key)
        assert await archive.blobs.read(stored.blob_key, ByteRange(0, stored.size)) == part10(instance)
        await archive.index.close()
    await watcher.close()


async def _wait_for(watcher: asyncpg.Connection, number: str) -> None:
    """Wait until a query counts something."""
    async with asyncio.timeout(20):
        while not await watcher.fetchval(number):
            await asyncio.sleep(0)
