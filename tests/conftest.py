"""Fixtures for tests that need a live server."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir

import pytest

from tests.live_server import LiveServer, live_server
from tests.postgresql_server import PostgresqlServer, postgresql_server
from tests.swift_server import IS_MISSING, SwiftServer, swift_server


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


@pytest.fixture(scope="session")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwiftServer]:
    """An S3 server for everybody: tests make buckets of their own."""
    if IS_MISSING:
        pytest.skip("the package swift is not installed")
    with swift_server(tmp_path_factory.mktemp("swift")) as started:
        yield started


@pytest.fixture(scope="session")
def postgresql(testrun_uid: str) -> Iterator[PostgresqlServer]:
    """A PostgreSQL server for everybody, also for other processes that run tests of the same session."""
    with postgresql_server(Path(gettempdir()) / f"fovea-{testrun_uid}") as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql: PostgresqlServer) -> str:
    """A database with empty tables."""
    return postgresql.emptied_database()
