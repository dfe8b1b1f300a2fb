"""Servers that share a database and a bucket, each with a folder of its own."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from tests.cluster.balancer import balancer
from tests.cluster.nginx import PROGRAM, nginx
from tests.cluster.patient_client import PatientClient
from tests.live_server import FOVEA, LiveServer, start_server
from tests.swift_server import SwiftServer

CLOCK_AHEAD = sys.executable, str(Path(__file__).with_name("clock_ahead.py"))
"""The program of servers whose clock can be put ahead: they do so when the file CLUSTER_CLOCK_AHEAD is there."""

READER, MODALITY = ("alice", "correct horse"), ("ct1", "battery staple")
"""Users: one who may do everything, and one who may store alone."""

BALANCERS = "nginx", "TCP"


@dataclass(frozen=True, slots=True)
class Cluster:
    """Servers, and what they share."""

    servers: Sequence[LiveServer]
    database: str
    bucket: str
    swift: SwiftServer

    def objects(self, prefix: str = "instances") -> list[str]:
        """The paths of the objects in the bucket that begin with a prefix."""
        store = self.swift.bucket(self.bucket)
        return [meta["path"] for meta in store.list(f"archive/{prefix}").collect()]


@contextmanager
def cluster(
    folder: Path,
    database: str,
    swift: SwiftServer,
    program: Sequence[str] = (FOVEA,),
    endpoint: str | None = None,
    **environment: str,
) -> Iterator[Cluster]:
    """Two servers until the block ends; ``endpoint`` is another way to the object store than the direct one."""
    bucket = swift.new_bucket()
    shared = {
        "FOVEA_INDEX__URL": database,
        "FOVEA_STORAGE__URL": f"s3://{bucket}/archive",
        **swift.environment,
        **({"AWS_ENDPOINT_URL": endpoint} if endpoint else {}),
        **environment,
    }
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(2) as starters:
        starting = [
            starters.submit(start_server, folder / name, program=program, **shared) for name in ("first", "second")
        ]
    servers = [each.result() for each in starting]
    try:
        yield Cluster(servers, database, bucket, swift)
    finally:
        for server in servers:
            if server.process.poll() is None:
                server.kill()
    for server in servers:
        server.assert_without_fault()


@contextmanager
def balanced(kind: str, servers: Cluster, folder: Path) -> Iterator[Callable[[], PatientClient]]:
    """Put one of BALANCERS before the servers; what comes back makes clients of it."""
    if kind == "TCP":
        with balancer(*(server.port for server in servers.servers)) as line:
            yield lambda: PatientClient(f"http://127.0.0.1:{line.port}")
    elif PROGRAM is None:
        pytest.skip("nginx is not installed")
    else:
        with nginx(folder, servers.servers) as front:
            yield lambda: PatientClient(front.origin, front.certificate)


@contextmanager
def no_rows_are_written(database: str) -> Iterator[None]:
    """Whoever adds an instance waits until the block ends."""
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(database))
        runner.run(connection.execute("BEGIN; LOCK TABLE instance IN EXCLUSIVE MODE"))
        try:
            yield
        finally:
            runner.run(connection.close())
