"""How the server begins and ends as a process."""

import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
import requests

from app.settings import AuthSettings, Settings
from tests.command_line import fovea
from tests.live_server import FOVEA, STOP_SECONDS, LiveServer, live_server, plain_environment


@pytest.mark.parametrize("workers", [1, 2])
def test_the_server_ends_when_it_is_asked_to_although_a_client_keeps_its_connection(
    data_folder: Path, workers: int
) -> None:
    with live_server(data_folder, workers=workers) as server, requests.Session() as session:
        assert session.get(f"{server.root}/studies", timeout=5).ok
        assert server.stop() in {0, -signal.SIGTERM}
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{server.origin}/health", timeout=5)


def test_the_log_says_where_the_server_is_and_nothing_of_the_patients(data_folder: Path) -> None:
    with live_server(data_folder) as server:
        assert requests.get(f"{server.root}/studies?PatientName=Doe^Archibald", timeout=5).ok
    log = server.log.read_text()
    assert f"Fovea serves {server.data} at {server.root}" in log
    assert "/dicom-web/studies 200" in log
    assert "Archibald" not in log
    assert "Traceback" not in log


def test_the_log_says_where_the_archive_is_and_no_password(data_folder: Path, postgresql_url: str) -> None:
    with live_server(data_folder, FOVEA_INDEX__URL=postgresql_url.replace("postgres:@", "postgres:hidden@")) as server:
        assert requests.get(f"{server.root}/studies", timeout=5).json() == []
    log = server.log.read_text()
    assert f"Fovea serves {data_folder} (index: {postgresql_url.replace('postgres:@', 'postgres:***@')}) at" in log
    assert "hidden" not in log


def test_a_host_that_others_can_reach_is_refused_without_authentication(data_folder: Path) -> None:
    done = _serve(data_folder, "--host", "0.0.0.0")
    assert done.returncode == 2
    assert "0.0.0.0" in done.stderr
    assert "FOVEA_AUTH__MODE=none" in done.stderr
    assert "Traceback" not in done.stderr
    assert not data_folder.exists()


def test_a_host_that_others_can_reach_is_allowed_when_said_aloud(data_folder: Path) -> None:
    assert Settings(host="0.0.0.0", auth=AuthSettings(mode="none")).host == "0.0.0.0"
    with live_server(data_folder, FOVEA_AUTH__MODE="none") as server:
        assert requests.get(f"{server.root}/studies", timeout=5).json() == []
    assert "no authentication" in server.log.read_text()


def test_worker_processes_end_with_the_process_that_started_them(data_folder: Path) -> None:
    with live_server(data_folder, workers=2) as server:
        server.process.kill()
        server.process.wait(STOP_SECONDS)
        deadline = time.monotonic() + STOP_SECONDS
        while _is_listening(server.port):
            assert time.monotonic() < deadline, "the port is still held"
            time.sleep(0.05)


@pytest.mark.parametrize(
    ("option", "value"), [("--port", "99999"), ("--workers", "-1"), ("--host", "somewhere.example")]
)
def test_settings_that_cannot_be_are_refused_by_name(data_folder: Path, option: str, value: str) -> None:
    done = fovea("serve", "--data", str(data_folder), option, value)
    assert done.exit_code == 2
    assert value in done.stderr or option.strip("-").upper() in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_ends_the_server_with_an_error(server: LiveServer, tmp_path: Path) -> None:
    done = _serve(tmp_path / "other", "--port", str(server.port))
    assert done.returncode not in {0, 2}
    assert "address already in use" in done.stderr.lower()


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _serve(data: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [FOVEA, "serve", "--data", str(data), *options]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=30, check=False, env=plain_environment(), cwd=data.parent
    )
