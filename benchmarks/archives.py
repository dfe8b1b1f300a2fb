"""An archive on PostgreSQL and an S3 server against one in a folder, and two server processes against one.

``python -m benchmarks.archives`` starts what it needs on loopback: PostgreSQL, OpenStack Swift, and four servers of
Fovea. They are asked in turns, and what is printed is the median of each round's ratios, so that other work on the
machine weighs on all alike. Clients and servers share its cores. Swift, written in Python, is slow for an S3 server.
"""

import itertools
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import track

from benchmarks.__main__ import STORED
from benchmarks.data import Instance, ct_series, small_studies
from benchmarks.measuring import Request, measure, store_request
from benchmarks.server import BenchServer, running_server
from tests.postgresql_server import PostgresqlServer, postgresql_server
from tests.swift_server import SwiftServer, swift_server

ROUNDS = 5
SLICES, STUDIES, PER_STUDY, BATCH = 40, 20, 5, 25
CONNECTIONS = 4
LONGEST = 600.0
"""Seconds: all of a round's requests are made, since later ones ask for what earlier ones have stored."""

FOLDER, SERVERS = "folder", "servers"
COLUMNS = {
    "servers : folder, 1 process": ((SERVERS, 1), (FOLDER, 1)),
    "the same, 2 processes": ((SERVERS, 2), (FOLDER, 2)),
    "2 : 1 processes, folder": ((FOLDER, 2), (FOLDER, 1)),
    "2 : 1 processes, servers": ((SERVERS, 2), (SERVERS, 1)),
}

Kind = tuple[str, int]
"""Where the archive is, and the number of server processes."""


def requests_of_a_round() -> dict[str, list[Request]]:
    """What each server is asked, in order: nobody has seen these instances before."""
    slices, small = ct_series(SLICES), small_studies(STUDIES, PER_STUDY)
    frames = [Request("GET", f"{each.path}/frames/1", STORED.format("application/octet-stream")) for each in slices]
    return {
        "store a small instance (13 kB)": [store_request([each]) for each in small],
        f"store {BATCH} small instances": _batches(small_studies(2 * STUDIES, PER_STUDY)),
        "store a CT slice (0.5 MB)": [store_request([each]) for each in slices],
        "frame (0.5 MB), for the first time": frames,
        "frame, again": frames * 5,
        "metadata of an instance": [Request("GET", f"{each.path}/metadata") for each in slices] * 5,
        "search: one PatientID": [Request("GET", f"/studies?PatientID=patient-{n}") for n in range(STUDIES)] * 5,
    }


def _batches(instances: list[Instance]) -> list[Request]:
    return [store_request(instances[at : at + BATCH]) for at in range(0, len(instances), BATCH)]


@contextmanager
def servers(folder: Path, postgresql: PostgresqlServer, swift: SwiftServer) -> Iterator[dict[Kind, BenchServer]]:
    """A server of each kind, with an archive of its own."""
    with ExitStack() as stack:
        started = {}
        for place, processes in itertools.product((FOLDER, SERVERS), (1, 2)):
            environment = (
                {}
                if place == FOLDER
                else swift.environment
                | {
                    "FOVEA_INDEX__URL": postgresql.new_database(),
                    "FOVEA_STORAGE__URL": f"s3://{swift.new_bucket()}/archive",
                }
            )
            data = folder / f"{place}-{processes}"
            started[place, processes] = stack.enter_context(running_server(data, processes, **environment))
        yield started


def rates(running: dict[Kind, BenchServer]) -> dict[str, dict[Kind, list[float]]]:
    """Requests a second, by what is asked and the kind of server, of each round."""
    found: dict[str, dict[Kind, list[float]]] = {}
    for number in track(range(ROUNDS + 1), "measuring", console=Console(stderr=True)):
        for name, requests in requests_of_a_round().items():
            for kind, server in running.items():
                result = measure(server, name, iter(requests), CONNECTIONS, 1, LONGEST)
                if number:  # the first round only warms up
                    found.setdefault(name, {}).setdefault(kind, []).append(result.per_second)
    return found


def main() -> None:
    """Measure, and print a table."""
    with (
        tempfile.TemporaryDirectory() as folder,
        postgresql_server(Path(tempfile.mkdtemp(prefix="fovea-"))) as postgresql,
        swift_server(Path(folder) / "swift") as swift,
    ):
        postgresql.execute("ALTER SYSTEM RESET ALL", "SELECT pg_reload_conf()")  # what tests need in haste
        with servers(Path(folder), postgresql, swift) as running:
            found = rates(running)
    print(f"| requests a second | folder, 1 process | {' | '.join(COLUMNS)} |\n|---|---|{'---|' * len(COLUMNS)}")
    for name, of_kinds in found.items():
        ratios = (_ratio(of_kinds[kind], of_kinds[other]) for kind, other in COLUMNS.values())
        print(f"| {name} | {statistics.median(of_kinds[FOLDER, 1]):,.0f} | {' | '.join(ratios)} |")


def _ratio(rates: list[float], others: list[float]) -> str:
    return f"{statistics.median(rate / other for rate, other in zip(rates, others, strict=True)):.2f}"


if __name__ == "__main__":
    main()
