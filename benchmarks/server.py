"""A server to measure, started and ended here, and what it costs: the CPU time of its processes."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = "/dicom-web"
START_SECONDS = 30


@dataclass(frozen=True)
class BenchServer:
    """A running server."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """User and system time that the server's processes have used so far, in ticks of 10 ms."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        ticks = 0
        for pid in (str(self.pid), *children):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def running_server(folder: Path, processes: int = 0, **environment: str) -> Iterator[BenchServer]:
    """A server on a free port, with its data in a folder; so many ``processes``, or one for each core."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("fovea")), "serve", "--port", str(port), "--data", str(folder)]
    variables = os.environ | {"FOVEA_LOG_LEVEL": "warning", "FOVEA_WORKERS": str(processes)} | environment
    process = subprocess.Popen(command, env=variables, stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        yield BenchServer(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def _wait(port: int) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).close()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the server did not start")
