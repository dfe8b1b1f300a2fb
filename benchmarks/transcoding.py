"""Measure frames of 512 x 512 x 16 bit in other transfer syntaxes than the stored one, through HTTP.

``python -m benchmarks.transcoding``; ``python -m benchmarks`` measures it with everything else.
"""

import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import track

from benchmarks.data import Instance, smooth_series
from benchmarks.measuring import HEAD, Request, Result, measure, store_request
from benchmarks.server import BenchServer, running_server

SLICES, PER_REQUEST = 60, 10
NATIVE = "application/octet-stream"
HTJ2K = "image/jphc; transfer-syntax=1.2.840.10008.1.2.4.202"
Row = Callable[[BenchServer, list[Instance]], Result]


def storing(name: str) -> Row:
    def run(server: BenchServer, slices: list[Instance]) -> Result:
        requests = [store_request(slices[at : at + PER_REQUEST]) for at in range(0, SLICES, PER_REQUEST)]
        return measure(server, name, iter(requests), 1, PER_REQUEST)

    return run


def frames(name: str, accept: str, connections: int = 4) -> Row:
    def run(server: BenchServer, slices: list[Instance]) -> Result:
        requests = [Request("GET", f"{item.path}/frames/1", accept) for item in slices]
        return measure(server, name, itertools.cycle(requests), connections, 1)

    return run


ARCHIVES: dict[tuple[str, int], list[Row]] = {
    ("", 0): [
        storing("store CT slices (0.5 MB), 10 a request"),
        frames("frame: native to HTJ2K, 4 connections", HTJ2K),
    ],
    ("htj2k-rpcl", 0): [
        storing("store CT slices (0.5 MB), 10 a request, in HTJ2K"),
        frames("frame: HTJ2K as stored, 4 connections", HTJ2K),
        frames("frame: HTJ2K to native, 4 connections", NATIVE),
    ],
    ("jpeg-2000", 0): [
        storing("store CT slices (0.5 MB), 10 a request, in JPEG 2000"),
        frames("frame: JPEG 2000 to native, 4 connections", NATIVE),
    ],
    ("", 128 << 20): [
        storing("store CT slices (0.5 MB), 10 a request"),
        frames("frame: native to HTJ2K, first and repeated, 1 connection", HTJ2K, 1),
        frames("frame: native to HTJ2K, repeated, 1 connection", HTJ2K, 1),
    ],
}
"""What is measured of archives in a transfer syntax, whose servers remember so many bytes of frames."""


def results() -> Iterator[Result]:
    """Each archive on a server of its own, in the order in which its rows find what they need."""
    slices = smooth_series(SLICES)
    for (syntax, cache_bytes), rows in ARCHIVES.items():
        settings = {"FOVEA_STORE__TRANSFER_SYNTAX": syntax, "FOVEA_RETRIEVE__CACHE_BYTES": str(cache_bytes)}
        with tempfile.TemporaryDirectory() as folder, running_server(Path(folder), **settings) as server:
            for row in rows:
                yield row(server, slices)


def main() -> None:
    """Run all of it."""
    count = sum(map(len, ARCHIVES.values()))
    found = list(track(results(), "measuring", total=count, console=Console(stderr=True)))
    print(HEAD)
    print("\n".join(result.row() for result in found))


if __name__ == "__main__":
    main()
