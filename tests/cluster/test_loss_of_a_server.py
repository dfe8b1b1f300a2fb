"""A server dies in the midst of its work: what was acknowledged is there, and what it left behind goes."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Event

import pytest
import requests
from pydicom.dataset import Dataset

from tests.cluster.patient_client import PatientClient
from tests.cluster.polling import poll
from tests.cluster.servers import BALANCERS, CLOCK_AHEAD, Cluster, balanced, cluster, no_rows_are_written
from tests.examples import new_instance, part10
from tests.live_server import LiveServer
from tests.multipart_requests import CONTENT_TYPE, store_body
from tests.postgresql_server import PostgresqlServer
from tests.swift_server import SwiftServer

CLIENTS = 4
REQUESTS = 16
INSTANCES_IN_A_REQUEST = 2
ACKNOWLEDGED_BEFORE_THE_KILL = 4


@pytest.mark.parametrize("balancer", BALANCERS)
def test_when_a_server_dies_nothing_is_lost_doubled_or_left_behind(
    postgresql: PostgresqlServer, swift: SwiftServer, tmp_path: Path, balancer: str
) -> None:
    clock_ahead = tmp_path / "clock_ahead"
    database = postgresql.new_database()
    requested = [_instances_of_a_study() for _ in range(REQUESTS)]
    with (
        cluster(tmp_path, database, swift, CLOCK_AHEAD, CLUSTER_CLOCK_AHEAD=str(clock_ahead)) as servers,
        balanced(balancer, servers, tmp_path / "balancer") as new_client,
    ):
        _work_while_a_server_dies(new_client, servers, requested)
        stored = [instance for instances in requested for instance in instances]
        with new_client() as client:
            client.assert_counts(stored)
            assert len(servers.objects()) > len(stored)
            clock_ahead.touch()
            poll(lambda: len(servers.objects()) == len(stored))
            poll(lambda: len(servers.objects("writing")) <= 1)  # the living server's own
            for instance in stored:
                client.assert_holds(instance)


def _instances_of_a_study() -> list[Dataset]:
    first = new_instance()
    study = {"StudyInstanceUID": first.StudyInstanceUID, "SeriesInstanceUID": first.SeriesInstanceUID}
    return [first, *(new_instance(**study) for _ in range(INSTANCES_IN_A_REQUEST - 1))]


def _work_while_a_server_dies(
    new_client: Callable[[], PatientClient], servers: Cluster, requested: Sequence[Sequence[Dataset]]
) -> None:
    """Store and view from several clients, and kill a server that has just written bytes whose rows are not."""
    acknowledged: list[Dataset] = []
    done = Event()

    def store(mine: Sequence[Sequence[Dataset]]) -> int:
        with new_client() as client:
            for instances in mine:
                client.store(*instances)
                acknowledged.extend(instances)
            return client.retries

    def view() -> None:
        with new_client() as client:
            for number in count():
                if done.is_set():
                    return
                if acknowledged:
                    client.assert_holds(acknowledged[number % len(acknowledged)])

    with ThreadPoolExecutor(CLIENTS + 1) as clients:
        storing = [clients.submit(store, requested[number::CLIENTS]) for number in range(CLIENTS)]
        viewing = clients.submit(view)
        try:
            poll(lambda: len(acknowledged) >= ACKNOWLEDGED_BEFORE_THE_KILL or any(each.done() for each in storing))
            _die_while_storing(servers)
            assert sum(each.result() for each in storing) > 0
        finally:
            done.set()
        viewing.result()


def _die_while_storing(servers: Cluster) -> None:
    """Kill the first server when the bytes of an instance are in the bucket, and its rows wait."""
    interrupted = new_instance(PixelData=bytes(50_000))
    size = len(part10(interrupted))
    store = servers.swift.bucket(servers.bucket)
    with ThreadPoolExecutor(1) as client, no_rows_are_written(servers.database):
        storing = client.submit(_store_directly, servers.servers[0], interrupted)
        poll(lambda: size in {meta["size"] for meta in store.list("archive/instances").collect()})
        servers.servers[0].kill()
        with pytest.raises(requests.ConnectionError):
            storing.result()


def _store_directly(server: LiveServer, instance: Dataset) -> None:
    body, headers = store_body([part10(instance)]), {"Content-Type": CONTENT_TYPE}
    requests.post(f"{server.root}/studies", data=body, headers=headers, timeout=20)
