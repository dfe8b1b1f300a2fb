"""Instances of one study, and the same instances, arrive at two servers at a time."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pydicom.dataset import Dataset

from tests.cluster.patient_client import PatientClient
from tests.cluster.servers import cluster
from tests.examples import new_instance
from tests.live_server import LiveServer
from tests.postgresql_server import PostgresqlServer
from tests.swift_server import SwiftServer

INSTANCES = 12
IN_A_REQUEST = 4


def test_each_instance_is_stored_once_and_counted_once(
    postgresql: PostgresqlServer, swift: SwiftServer, tmp_path: Path
) -> None:
    first = new_instance()
    study = {"StudyInstanceUID": first.StudyInstanceUID, "SeriesInstanceUID": first.SeriesInstanceUID}
    instances = [first, *(new_instance(**study) for _ in range(INSTANCES - 1))]
    with cluster(tmp_path, postgresql.new_database(), swift) as servers:
        with ThreadPoolExecutor(2) as clients:
            # The one from the front, the other from the back, so that they meet in the middle, and each all of it.
            for orders in ((instances, instances[::-1]), (instances[::-1], instances)):
                list(clients.map(_store, servers.servers, orders))
        for server in servers.servers:
            with PatientClient(server.origin) as client:
                client.assert_counts(instances)
                for instance in instances:
                    client.assert_holds(instance)
        assert len(servers.objects()) == INSTANCES


def _store(server: LiveServer, instances: Sequence[Dataset]) -> None:
    with PatientClient(server.origin) as client:
        for start in range(0, INSTANCES, IN_A_REQUEST):
            client.store(*instances[start : start + IN_A_REQUEST])
        assert client.retries == 0
