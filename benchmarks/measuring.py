"""Requests to a server over some connections at a time, and what they cost."""

import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection

from benchmarks.data import Instance
from benchmarks.server import ROOT, BenchServer

SECONDS = 3.0
HEAD = "| transaction | per second | p50 ms | server CPU ms |\n|---|---|---|---|"
BOUNDARY = "fovea-benchmark-0123456789abcdef"


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


def measure(
    server: BenchServer,
    name: str,
    requests: Iterator[Request],
    connections: int,
    per_request: int,
    seconds: float = SECONDS,
) -> Result:
    """Make requests over some connections until they or the time end; ``per_request`` operations are in each."""
    latencies: list[float] = []
    taking = threading.Lock()
    began, cpu_before = time.perf_counter(), server.cpu_seconds()

    def work() -> None:
        connection = HTTPConnection("127.0.0.1", server.port)
        while time.perf_counter() - began < seconds:
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
