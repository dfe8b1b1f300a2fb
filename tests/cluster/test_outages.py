"""The database restarts, the object store is away: clients are told to come back, and nothing acknowledged is lost."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Event

import requests
from pydicom.dataset import Dataset

from tests.cluster.balancer import balancer
from tests.cluster.patient_client import ANSWER_SECONDS, PatientClient
from tests.cluster.polling import poll
from tests.cluster.servers import Cluster, cluster
from tests.examples import new_instance
from tests.live_server import LiveServer
from tests.postgresql_server import PostgresqlServer, postgresql_server
from tests.swift_server import SwiftServer

OUTAGES = 2
STORED_BETWEEN = 4

PATIENCE_OF_SERVERS = 15.0
"""Seconds until a server gives up: ten of tries to reach the store, five of readiness, and a busy machine."""


def test_a_database_that_restarts_loses_nothing(swift: SwiftServer, tmp_path: Path) -> None:
    with (
        postgresql_server(Path(tempfile.mkdtemp(prefix="fovea-"))) as database,
        cluster(tmp_path, database.new_database(), swift) as servers,
    ):
        _work_through_outages(servers, lambda: _stopped(database))


def test_an_object_store_that_is_away_loses_nothing(
    postgresql: PostgresqlServer, swift: SwiftServer, tmp_path: Path
) -> None:
    with (
        balancer(swift.port) as line,
        cluster(tmp_path, postgresql.new_database(), swift, endpoint=f"http://127.0.0.1:{line.port}") as servers,
    ):
        _work_through_outages(servers, line.cut)


@contextmanager
def _stopped(database: PostgresqlServer) -> Iterator[None]:
    database.stop()
    try:
        yield
    finally:
        database.start()


def _work_through_outages(servers: Cluster, outage: Callable[[], AbstractContextManager[None]]) -> None:
    """Store on both servers while what they share goes away, each time until a client has heard of it."""
    clients = [PatientClient(server.origin) for server in servers.servers]
    stored: list[Dataset] = []
    done = Event()

    def store(client: PatientClient) -> None:
        while not done.is_set():
            instance = new_instance()
            client.store(instance)
            stored.append(instance)

    def refusals() -> int:
        return sum(len(client.refusals) for client in clients)

    with ThreadPoolExecutor(len(clients)) as threads:
        storing = [threads.submit(store, client) for client in clients]
        try:
            for _ in range(OUTAGES):
                _wait_for(lambda: len(stored), len(stored) + STORED_BETWEEN, storing)
                heard = refusals()
                with outage():
                    _wait_for(refusals, heard, storing)
                    assert [_is_alive_and_ready(server) for server in servers.servers] == [(True, False)] * 2
        finally:
            done.set()
        for each in storing:
            each.result()
    for number, (client, server) in enumerate(zip(clients, servers.servers, strict=True)):
        assert all(answer.status_code == 503 and answer.headers["Retry-After"] == "5" for answer in client.refusals)
        assert max((answer.elapsed.total_seconds() for answer in client.refusals), default=0) < PATIENCE_OF_SERVERS
        assert _is_alive_and_ready(server) == (True, True)
        client.assert_counts(stored)
        for instance in stored[number :: len(clients)]:
            client.assert_holds(instance)


def _wait_for(number: Callable[[], int], exceeded: int, storing: Sequence[Future[None]]) -> None:
    """Wait until a number grows beyond another; raises what a client that stores has raised."""
    poll(lambda: number() > exceeded or any(each.done() and each.exception() for each in storing))
    for each in storing:
        if each.done():
            each.result()


def _is_alive_and_ready(server: LiveServer) -> tuple[bool, bool]:
    asked = [requests.get(f"{server.origin}/{path}", timeout=ANSWER_SECONDS) for path in ("health", "ready")]
    alive, ready = (answer.ok for answer in asked)
    return alive, ready
