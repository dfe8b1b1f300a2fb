"""Fixtures for tests that need a live server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live_server import LiveServer, live_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server for everybody: tests store under UIDs of their own and do not count what others have stored."""
    with live_server(tmp_path_factory.mktemp("shared") / "data") as started:
        yield started
        started.assert_without_fault()


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    """A folder for the archive of a server that a test starts itself."""
    return tmp_path / "data"
