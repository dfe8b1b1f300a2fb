"""A server of the tests' own: ``fovea serve`` as a process, on a free loopback port, on a folder of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.archives import archive_environment

FOVEA = str(Path(sys.executable).with_name("fovea"))
"""The command line as it is installed beside the interpreter that runs the tests."""

START_SECONDS = 30
STOP_SECONDS = 20


class ServerDidNotStart(Exception):
    """The server ended, or did not answer in time; the message is its log."""


@dataclass(frozen=True, slots=True)
class LiveServer:
    """A running server. Requests go to ``root``; what it writes goes to ``log``."""

    process: subprocess.Popen[bytes]
    port: int
    data: Path
    log: Path
    workers: int = 1

    @property
    def origin(self) -> str:
        """The server's own root."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def root(self) -> str:
        """The DICOMweb root."""
        return f"{self.origin}/dicom-web"

    def stop(self) -> int:
        """Ask the server to end, as a service manager does; its exit status, negative for a signal."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)

    def kill(self) -> None:
        """End it at once, with its worker processes, as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)
        deadline = time.monotonic() + STOP_SECONDS
        while self._has_processes():  # those it had started go a moment later, and hold their locks so long
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def _has_processes(self) -> bool:
        """Whether a thread of a process of the server's group lives: a process ends before its last thread does."""
        for status in Path("/proc").glob("[0-9]*/task/*/stat"):
            try:
                # The name of the program, in parentheses, may hold anything; behind it are state, parent and group.
                state, _, group, *_ = status.read_text().rpartition(")")[2].split()
            except (OSError, ValueError):
                continue
            if int(group) == self.process.pid and state not in "ZX":
                return True
        return False

    def assert_without_fault(self) -> None:
        """Nothing has gone wrong inside the server so far: no traceback is in its log."""
        log = self.log.read_text(encoding="utf-8", errors="replace")
        assert "Traceback" not in log, log

    def instance_files(self) -> list[Path]:
        """The stored files."""
        return [path for path in (self.data / "instances").rglob("*") if path.is_file()]


@contextmanager
def live_server(data: Path, *options: str, workers: int = 1, **environment: str) -> Iterator[LiveServer]:
    """A server on the folder ``data``, which ends with the block."""
    server = start_server(data, *options, workers=workers, **environment)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            try:
                server.stop()
            except subprocess.TimeoutExpired:
                server.kill()


def start_server(
    data: Path, *options: str, workers: int = 1, program: Sequence[str] = (FOVEA,), **environment: str
) -> LiveServer:
    """Start a server and wait until it answers. Raises ServerDidNotStart."""
    port = free_port()
    log = data.with_suffix(".log")
    command = [*program, "serve", "--port", str(port), "--data", str(data), "--workers", str(workers), *options]
    with log.open("ab") as output:
        # A session of its own: kill() must reach the worker processes too, and nothing else.
        variables = plain_environment() | archive_environment(data) | environment
        process = subprocess.Popen(command, stdout=output, stderr=output, env=variables, start_new_session=True)
    server = LiveServer(process, port, data, log, workers)
    if not _answers(server):
        if process.poll() is None:
            server.kill()
        raise ServerDidNotStart(log.read_text(encoding="utf-8", errors="replace"))
    return server


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def plain_environment() -> dict[str, str]:
    """The environment without settings of a server that the person who runs the tests may have."""
    return {name: value for name, value in os.environ.items() if not name.startswith("FOVEA_")}


def _answers(server: LiveServer) -> bool:
    """Wait until the server answers; False when it ended or took too long."""
    deadline = time.monotonic() + START_SECONDS
    while server.process.poll() is None and time.monotonic() < deadline:
        try:
            return requests.get(f"{server.origin}/health", timeout=START_SECONDS).ok
        except requests.ConnectionError:
            time.sleep(0.05)
    return False
