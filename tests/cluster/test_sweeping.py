"""Bytes that nothing needs are removed by one process at a time."""

import asyncio
from contextlib import ExitStack
from pathlib import Path

import asyncpg

from storage.index.postgresql import PostgresqlIndex
from tests.cluster.patient_client import PatientClient, path_of
from tests.cluster.polling import PATIENCE_SECONDS, poll
from tests.cluster.servers import CLOCK_AHEAD, cluster
from tests.examples import new_instance
from tests.postgresql_server import PostgresqlServer
from tests.swift_server import SwiftServer

_ASKED_SINCE = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
AND query LIKE '%pg_try_advisory_lock%' AND query_start > $1
"""
"""Connections on which a server has asked last whether it is its turn."""


async def test_no_server_sweeps_while_another_process_does(
    postgresql: PostgresqlServer, swift: SwiftServer, tmp_path: Path
) -> None:
    clock_ahead = tmp_path / "clock_ahead"
    database = await asyncio.to_thread(postgresql.new_database)
    index = await PostgresqlIndex.open(database, connections=3)
    with ExitStack() as stack:
        async with index.sweeping_turn() as is_ours:
            assert is_ours
            servers = stack.enter_context(
                cluster(tmp_path, database, swift, CLOCK_AHEAD, CLUSTER_CLOCK_AHEAD=str(clock_ahead))
            )
            client = stack.enter_context(PatientClient(servers.servers[0].origin))
            instance = new_instance()
            client.store(instance)
            assert client.ask("DELETE", path_of(instance)).status_code == 204
            clock_ahead.touch()
            await _wait_until_both_have_asked(database)
            assert len(servers.objects()) == 1
        poll(lambda: servers.objects() == [])
    await index.close()


async def _wait_until_both_have_asked(database: str) -> None:
    """Twice: the pass of the first time may have begun before."""
    connection = await asyncpg.connect(database)
    async with asyncio.timeout(PATIENCE_SECONDS):
        for _ in range(2):
            since = await connection.fetchval("SELECT now()")
            while await connection.fetchval(_ASKED_SINCE, since) < 2:
                await asyncio.sleep(0)
    await connection.close()
