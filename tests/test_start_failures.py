"""A server whose archive cannot be opened ends, and says in one line what is wrong."""

import subprocess
from pathlib import Path

import pytest

from tests.live_server import FOVEA, free_port, plain_environment


def lines_of_failed_start(data: Path, **environment: str) -> list[str]:
    """What a server of two processes writes beside what it always does."""
    done = subprocess.run(
        [FOVEA, "serve", "--workers", "2", "--port", str(free_port()), "--data", str(data)],
        capture_output=True, text=True, timeout=60, check=False, env=plain_environment() | environment,
        cwd=data.parent,
    )  # fmt: skip
    assert done.returncode in {2, 3}
    assert done.stdout == ""
    usual = (" INFO ", "Fovea serves", "Anybody on this machine", "sets one up")
    return [line for line in done.stderr.splitlines() if not any(words in line for words in usual)]


def test_a_data_folder_that_cannot_be(data_folder: Path) -> None:
    data_folder.write_text("a file")
    [line] = lines_of_failed_start(data_folder)
    assert "Not a directory" in line
    assert "FOVEA_DATA" in line


def test_an_index_that_is_damaged(data_folder: Path) -> None:
    data_folder.mkdir()
    (data_folder / "index.sqlite").write_bytes(b"no database " * 1000)
    [line] = lines_of_failed_start(data_folder)
    assert "damaged" in line
    assert str(data_folder) in line
    assert "fovea reindex" in line


def test_a_database_that_does_not_answer(data_folder: Path) -> None:
    nobody = f"postgresql://me@127.0.0.1:{free_port()}/archive"
    [line] = lines_of_failed_start(data_folder, FOVEA_INDEX__URL=nobody)
    assert nobody in line
    assert "does not answer" in line


@pytest.mark.parametrize(
    ("setting", "value"), [("FOVEA_INDEX__URL", "mysql://me@localhost"), ("FOVEA_TLS__CERTIFICATE", "nowhere.pem")]
)
def test_settings_that_cannot_be(data_folder: Path, setting: str, value: str) -> None:
    [line] = lines_of_failed_start(data_folder, **{setting: value})
    assert "FOVEA_INDEX__URL" in line or "certificate" in line
