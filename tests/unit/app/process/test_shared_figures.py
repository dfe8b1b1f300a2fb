"""The folder by which server processes share what they count: it goes with its server, however that ends."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from app.process import shared_figures as module
from app.process.shared_figures import SHARED_FOLDER, forget_dead_processes, shared_figures

LONG_AGO = 1_000_000_000


@pytest.fixture(autouse=True)
def folder_of_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(module, "MEMORY", tmp_path / "none")
    monkeypatch.delenv(SHARED_FOLDER, raising=False)
    return tmp_path


def test_there_is_a_folder_as_long_as_the_server_runs(folder_of_folders: Path) -> None:
    with shared_figures():
        folder = Path(os.environ[SHARED_FOLDER])
        assert folder.is_dir()
        assert folder.parent == folder_of_folders
    assert SHARED_FOLDER not in os.environ
    assert list(folder_of_folders.iterdir()) == []


def test_it_is_in_memory_where_that_can_be_written(folder_of_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = folder_of_folders / "memory"
    memory.mkdir()
    monkeypatch.setattr(module, "MEMORY", memory)
    with shared_figures():
        assert Path(os.environ[SHARED_FOLDER]).parent == memory


def test_a_folder_that_somebody_named_stays_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SHARED_FOLDER, str(tmp_path))
    with shared_figures():
        assert os.environ[SHARED_FOLDER] == str(tmp_path)
    assert tmp_path.is_dir()


def test_what_a_killed_server_left_behind_goes_with_the_next_start(folder_of_folders: Path) -> None:
    left = folder_of_folders / "fovea-metrics-killed"
    left.mkdir()
    (left / "counter_1.db").touch()
    young = folder_of_folders / "fovea-metrics-young"
    young.mkdir()
    os.utime(left, (LONG_AGO, LONG_AGO))
    with shared_figures():
        assert not left.exists()
        assert young.exists()


def test_the_folder_of_a_running_server_stays() -> None:
    with shared_figures():
        running = Path(os.environ[SHARED_FOLDER])
        os.utime(running, (LONG_AGO, LONG_AGO))
        del os.environ[SHARED_FOLDER]
        with shared_figures():
            assert running.exists()
        os.environ[SHARED_FOLDER] = str(running)


def test_what_a_dead_process_had_in_hand_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SHARED_FOLDER, str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    gone, living, total = (
        tmp_path / f"gauge_livesum_{dead.pid}.db",
        tmp_path / f"gauge_livesum_{os.getpid()}.db",
        tmp_path / f"counter_{dead.pid}.db",
    )
    for path in (gone, living, total):
        path.touch()
    forget_dead_processes()
    assert not gone.exists()
    assert living.exists()
    assert total.exists()
