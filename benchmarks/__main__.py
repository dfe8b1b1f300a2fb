"""Measure each transaction and print a table: requests a second, latency, and server CPU per request.

On a machine with other work on it, CPU per request is the figure to compare; rates move with the noise.
"""

import itertools
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from rich.console import Console
from rich.progress import track

from benchmarks.data import Instance, ct_series, small_studies
from benchmarks.server import ROOT, BenchServer, running_server

SECONDS = 3.0
SLICES = 200
STUDIES, PER_STUDY = 200, 10
BOUNDARY = "fovea-benchmark-0123456789abcdef"
STORED = 'multipart/related; type="{}"; transfer-syntax=*'


@dataclass(frozen=True)
class Request:
    """One request to make."""

    method: str
    path: str
    accept: str = "application/dicom+json"
    body: bytes | None = None


@dataclass(frozen=True)
class Result:
    """What a scenario showed."""

    name: str
    per_second: float
    p50_ms: float
    cpu_ms: float

    def row(self) -> str:
        return f"| {self.name} | {self.per_second:,.0f} | {self.p50_ms:.2f} | {self.cpu_ms:.2f} |"


def store_request(instances: list[Instance]) -> Request:
    parts = [f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode() + item.data for item in instances]
    body = b"\r\n".join(parts) + f"\r\n--{BOUNDARY}--".encode()
    return Request("POST", "/studies", body=body)


def measure(server: BenchServer, name: str, requests: Iterator[Request], connections: int, per_request: int) -> Result:
    """Make requests over some connections until they or the time end; ``per_request`` operations are in each."""
    latencies: list[float] = []
    taking = threading.Lock()
    began, cpu_before = time.perf_counter(), server.cpu_seconds()

    def work() -> None:
        connection = HTTPConnection("127.0.0.1", server.port)
        while time.perf_counter() - began < SECONDS:
            with taking:
                request = next(requests, None)
            if request is None:
                break
            latencies.append(_ask(connection, request))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, cpu = time.perf_counter() - began, server.cpu_seconds() - cpu_before
    operations = len(latencies) * per_request
    return Result(name, operations / took, statistics.median(latencies) * 1000, cpu * 1000 / operations)


def _ask(connection: HTTPConnection, request: Request) -> float:
    headers = {"Accept": request.accept}
    if request.body is not None:
        headers["Content-Type"] = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'
    began = time.perf_counter()
    connection.request(request.method, ROOT + request.path, request.body, headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{request.method} {request.path} answered {answer.status}")
    return time.perf_counter() - began


def scenarios(server: BenchServer) -> Iterator[Callable[[], Result]]:
    """What is measured, in an order in which each finds what it needs."""
    ct, small = ct_series(SLICES), small_studies(STUDIES, PER_STUDY)
    singly, batched = small[: len(small) // 4], small[len(small) // 4 :]
    series = f"/studies/{ct[0].study}/series/{ct[0].series}"

    def storing(name: str, instances: list[Instance], batch: int, connections: int) -> Callable[[], Result]:
        requests = (store_request(instances[at : at + batch]) for at in range(0, len(instances), batch))
        return lambda: measure(server, name, requests, connections, batch)

    def asking(name: str, requests: list[Request], connections: int) -> Callable[[], Result]:
        return lambda: measure(server, name, itertools.cycle(requests), connections, 1)

    yield storing("store small instances (13 kB), 100 a request", batched, 100, 1)
    yield storing("store small instances (13 kB), 1 a request, 4 connections", singly, 1, 4)
    yield storing("store CT slices (0.5 MB), 50 a request", ct[SLICES // 2 :], 50, 1)
    yield storing("store CT slices (0.5 MB), 1 a request", ct[: SLICES // 2], 1, 1)
    yield asking("search: 100 studies", [Request("GET", "/studies?limit=100")], 1)
    patients = [Request("GET", f"/studies?PatientID=patient-{number}") for number in range(STUDIES)]
    yield asking("search: one PatientID", patients, 1)
    yield asking(f"search: the {SLICES} instances of a series", [Request("GET", f"{series}/instances")], 1)
    yield asking("metadata of an instance", [Request("GET", f"{item.path}/metadata") for item in ct], 4)
    yield asking(f"metadata of a series of {SLICES}", [Request("GET", f"{series}/metadata")], 1)
    frames = [Request("GET", f"{item.path}/frames/1", STORED.format("application/octet-stream")) for item in ct]
    yield asking("frame (0.5 MB), 4 connections", frames, 4)
    yield asking(
        "instance (0.5 MB), 4 connections", [Request("GET", i.path, STORED.format("application/dicom")) for i in ct], 4
    )


def main() -> None:
    """Run all scenarios."""
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder)) as server:
        steps = track(list(scenarios(server)), "measuring", console=Console(stderr=True))
        results = [step() for step in steps]
    print("| transaction | per second | p50 ms | server CPU ms |\n|---|---|---|---|")
    print("\n".join(result.row() for result in results))


if __name__ == "__main__":
    main()
