"""The processes of a server are looked after: those that die are replaced, and none outlives the server."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.live_server import LiveServer, live_server

PATIENCE_SECONDS = 60


@pytest.fixture(params=[1, 2])
def server(data_folder: Path, request: pytest.FixtureRequest) -> Iterator[LiveServer]:
    with live_server(data_folder, workers=request.param) as started:
        wait_until(lambda: len(server_processes(started)) == started.workers)
        yield started


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def server_processes(server: LiveServer) -> set[int]:
    """Processes that have begun, as the log tells of them, and that live."""
    lines = server.log.read_text().splitlines()
    begun = {int(line.rpartition("[")[2].rstrip("]")) for line in lines if "Started server process" in line}
    return {process for process in begun if Path(f"/proc/{process}").exists()}


def answers(server: LiveServer) -> bool:
    """Whether a request succeeds, repeated once when its connection breaks."""
    for _ in range(2):
        try:
            return requests.get(f"{server.root}/studies", timeout=PATIENCE_SECONDS).ok
        except requests.ConnectionError:
            continue
    return False


def assert_replaced(server: LiveServer, how: signal.Signals) -> None:
    """One process of the server ends by a signal, and another takes its place."""
    before = server_processes(server)
    victim = min(before)
    os.kill(victim, how)
    wait_until(lambda: victim not in server_processes(server))
    assert answers(server)
    wait_until(lambda: len(server_processes(server) - before) == 1)
    [line] = [line for line in server.log.read_text().splitlines() if f"server process {victim} " in line]
    assert "was ended by a signal" in line
    assert "another takes its place" in line


def test_a_process_that_dies_is_replaced_while_the_server_answers(server: LiveServer) -> None:
    for how in (signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM):
        assert_replaced(server, how)
    assert server.stop() == 0
    assert server_processes(server) == set()


def test_a_terminal_that_interrupts_all_processes_ends_the_server(server: LiveServer) -> None:
    os.killpg(server.process.pid, signal.SIGINT)
    assert server.process.wait(PATIENCE_SECONDS) == 0
    assert server_processes(server) == set()
    assert "Traceback" not in server.log.read_text()
