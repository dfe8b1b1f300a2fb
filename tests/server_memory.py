"""How much memory a server takes: all its processes together, as Linux tells it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.live_server import LiveServer

_RESET_PEAK = "5"
"""What ``clear_refs`` takes to set VmHWM back to VmRSS (proc_pid_clear_refs(5))."""


@dataclass(slots=True)
class Growth:
    """Bytes by which the server grew at its largest; known when the block has ended."""

    bytes: int = 0


@contextmanager
def measured_growth(server: LiveServer) -> Iterator[Growth]:
    """Measure the peak of resident memory within the block against its start."""
    folders = process_folders(server)
    try:
        for folder in folders:
            (folder / "clear_refs").write_text(_RESET_PEAK)
    except OSError:
        pytest.skip("the peak of a process's memory cannot be reset here")
    before = sum(_status_bytes(folder, "VmRSS") for folder in folders)
    growth = Growth()
    yield growth
    growth.bytes = sum(_status_bytes(folder, "VmHWM") for folder in process_folders(server)) - before


def process_folders(server: LiveServer) -> list[Path]:
    """The server's process and its descendants: the server leads a session of its own."""
    return [folder for folder in Path("/proc").glob("[0-9]*") if _session_of(folder) == server.process.pid]


def _session_of(folder: Path) -> int | None:
    try:
        # The name of the program, in parentheses, may hold anything; the session is the fourth field behind it.
        return int((folder / "stat").read_text().rpartition(")")[2].split()[3])
    except (OSError, ValueError):
        return None


def _status_bytes(folder: Path, name: str) -> int:
    try:
        status = (folder / "status").read_text()
    except OSError:
        return 0
    [line] = [line for line in status.splitlines() if line.startswith(f"{name}:")] or [f"{name}: 0 kB"]
    return int(line.split()[1]) << 10
