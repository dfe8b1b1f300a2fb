"""Measure each transaction and print a table: requests a second, latency, and server CPU per request.

On a machine with other work on it, CPU per request is the figure to compare; rates move with the noise.
"""

import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import track

from benchmarks import transcoding
from benchmarks.data import Instance, ct_series, small_studies
from benchmarks.measuring import HEAD, Request, Result, measure, store_request
from benchmarks.server import BenchServer, running_server

SLICES = 200
STUDIES, PER_STUDY = 200, 10
STORED = 'multipart/related; type="{}"; transfer-syntax=*'


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
    results += transcoding.results()
    print(HEAD)
    print("\n".join(result.row() for result in results))


if __name__ == "__main__":
    main()
